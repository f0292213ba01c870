package rootfs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Info is what stat(2) says of a file.
type Info unix.Stat_t

// IsDir tells whether it is a directory.
func (i Info) IsDir() bool { return i.Mode&unix.S_IFMT == unix.S_IFDIR }

// IsRegular tells whether it is a regular file.
func (i Info) IsRegular() bool { return i.Mode&unix.S_IFMT == unix.S_IFREG }

// Perm is the permission bits, with set-user-ID, set-group-ID and sticky.
func (i Info) Perm() uint32 { return i.Mode & 0o7777 }

// Same tells whether both are one and the same file.
func (i Info) Same(other Info) bool { return i.Dev == other.Dev && i.Ino == other.Ino }

// Lstat describes name itself, a link as a link.
func (r *Root) Lstat(name string) (info Info, err error) {
	err = r.do("lstat", name, func(p place) (err error) { info, err = p.lstat(); return err })
	return info, err
}

// Stat describes what name leads to. On the running root it uses fstat(2), which a program needs to be loaded at all: some
// seccomp filters deny stat(2).
func (r *Root) Stat(name string) (info Info, err error) {
	if !r.host() {
		var end place
		if _, end, err = r.walk(name, never); err == nil {
			info, err = end.lstat()
		}
		return info, pathError("stat", name, err)
	}
	fd, err := place{r.top, name}.open(unix.O_PATH, 0) // the kernel walks faster
	if err == nil {
		info, err = fstat(fd)
		unix.Close(fd)
	}
	return info, pathError("stat", name, err)
}

// ErrNotExecutable is the error of Executable for a file that cannot be executed.
var ErrNotExecutable = errors.New("not an executable file")

// Executable returns what name leads to, which must be a regular file with an execute permission.
func (r *Root) Executable(name string) (Info, error) {
	info, err := r.Stat(name)
	if err == nil && (!info.IsRegular() || info.Perm()&0o111 == 0) {
		err = pathError("execute", name, ErrNotExecutable)
	}
	return info, err
}

func (p place) lstat() (Info, error) {
	var st unix.Stat_t
	err := p.do(func(dirfd int, name string) error { return unix.Fstatat(dirfd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return Info(st), err
}

func fstat(fd int) (Info, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstat(fd, &st) })
	return Info(st), err
}

// Readlink returns the target of a link. Of anything else the error is EINVAL.
func (r *Root) Readlink(name string) (target string, err error) {
	err = r.do("readlink", name, func(p place) (err error) { target, err = p.readlink(); return err })
	return target, err
}

// Writable tells whether this process may create files in dir.
func (r *Root) Writable(dir string) bool {
	return r.do("access", dir, func(p place) error {
		return p.do(func(dirfd int, name string) error { return unix.Faccessat(dirfd, name, unix.W_OK|unix.X_OK, 0) })
	}) == nil
}

// ReadFile returns the content of a regular file, which may be a link's. More than limit bytes is the error EFBIG.
func (r *Root) ReadFile(name string, limit int64) (data []byte, err error) {
	_, end, err := r.walk(name, never)
	if err == nil {
		data, err = end.read(limit)
	}
	return data, pathError("read", name, err)
}

var errKind = errors.New("not a regular file")

func (p place) read(limit int64) ([]byte, error) {
	fd, info, err := p.openRegular()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if info.Size > limit {
		return nil, unix.EFBIG
	}
	data := make([]byte, info.Size)
	for done, n := 0, 0; done < len(data); done += n {
		err := retry(func() (err error) { n, err = unix.Read(fd, data[done:]); return err })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			data = data[:done]
		}
	}
	return data, nil
}

// openRegular opens only a regular file: to open a FIFO can hang, and to open a device can have any effect. If another file
// takes its place meanwhile, openRegular neither waits for it nor returns it.
func (p place) openRegular() (fd int, opened Info, err error) {
	looked, err := p.lstat()
	switch {
	case err != nil:
		return -1, opened, err
	case !looked.IsRegular():
		return -1, opened, errKind
	}
	fd, err = p.open(unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_NOCTTY, 0)
	if err != nil {
		return -1, opened, err
	}
	if opened, err = fstat(fd); err == nil && !opened.Same(looked) {
		err = unix.ESTALE
	}
	if err != nil {
		unix.Close(fd)
	}
	return fd, opened, err
}

// Attr is an extended attribute of a file, such as an access control list, a security label or file capabilities.
type Attr struct{ Name, Value string }

// Attrs returns the extended attributes of a regular file that this process may see. A file system without any has none.
func (r *Root) Attrs(name string) (attrs []Attr, err error) {
	err = r.do("read attributes of", name, func(p place) (err error) { attrs, err = p.attrs(); return err })
	return attrs, err
}

func (p place) attrs() (attrs []Attr, err error) {
	fd, _, err := p.openRegular()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf, n := make([]byte, 1<<16), 0 // XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h
	err = retry(func() (err error) { n, err = unix.Flistxattr(fd, buf); return err })
	for names := string(buf[:max(n, 0)]); names != "" && err == nil; {
		var name string
		name, names, _ = strings.Cut(names, "\x00")
		err = retry(func() (err error) { n, err = unix.Fgetxattr(fd, name, buf); return err })
		attrs = append(attrs, Attr{name, string(buf[:max(n, 0)])})
	}
	if err == unix.ENOTSUP {
		return nil, nil
	}
	return attrs, err
}
