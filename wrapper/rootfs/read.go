package rootfs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Info is the result of stat(2).
type Info unix.Stat_t

// IsDir reports whether the file is a directory.
func (i Info) IsDir() bool { return i.Mode&unix.S_IFMT == unix.S_IFDIR }

// IsRegular reports whether it is a regular file.
func (i Info) IsRegular() bool { return i.Mode&unix.S_IFMT == unix.S_IFREG }

// Perm returns the permission bits, with set-user-ID, set-group-ID and sticky.
func (i Info) Perm() uint32 { return i.Mode & 0o7777 }

// Same reports whether both are the same file.
func (i Info) Same(other Info) bool { return i.Dev == other.Dev && i.Ino == other.Ino }

// do calls use with the place of name. It does not follow the last element. On the running root the kernel walks, which is faster.
func (r *Root) do(op, name string, use func(p place) error) (err error) {
	p := place{r.top, strings.TrimLeft(name, "/")}
	if !r.host() {
		_, p, err = r.walk(name, atOnce)
	}
	if err == nil {
		err = use(p)
	}
	return pathError(op, name, err)
}

// Lstat returns the Info of name itself. It does not follow a symlink.
func (r *Root) Lstat(name string) (info Info, err error) {
	err = r.do("lstat", name, func(p place) (err error) { info, err = p.lstat(); return err })
	return info, err
}

// Stat returns the Info of the file to which name leads.
func (r *Root) Stat(name string) (info Info, err error) {
	end, flags := place{r.top, name}, 0 // on the running root the kernel walks, which is faster
	if !r.host() {
		_, end, err = r.walk(name, nil)
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	if err == nil {
		info, err = end.stat(flags)
	}
	return info, pathError("stat", name, err)
}

// ErrNotExecutable is the error of Executable for a file that cannot be executed.
var ErrNotExecutable = errors.New("not an executable file")

// Executable returns the Info of the file to which name leads. It must be a regular file with an execute permission.
func (r *Root) Executable(name string) (Info, error) {
	info, err := r.Stat(name)
	if err == nil && (!info.IsRegular() || info.Perm()&0o111 == 0) {
		err = pathError("execute", name, ErrNotExecutable)
	}
	return info, err
}

func (p place) lstat() (Info, error) { return p.stat(unix.AT_SYMLINK_NOFOLLOW) }

func (p place) stat(flags int) (Info, error) {
	var st unix.Stat_t
	err := p.do(func(dirfd int, name string) error { return unix.Fstatat(dirfd, name, &st, flags) })
	return Info(st), err
}

func fstat(fd int) (Info, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstat(fd, &st) })
	return Info(st), err
}

// Readlink returns the target of a symlink. For any other file the error is EINVAL.
func (r *Root) Readlink(name string) (target string, err error) {
	err = r.do("readlink", name, func(p place) (err error) { target, err = p.readlink(); return err })
	return target, err
}

// Writable reports whether this process may create files in dir.
func (r *Root) Writable(dir string) bool {
	return r.do("access", dir, func(p place) error {
		return p.do(func(dirfd int, name string) error { return unix.Faccessat(dirfd, name, unix.W_OK|unix.X_OK, 0) })
	}) == nil
}

// File is a regular file with everything that a changed copy must keep.
type File struct {
	Path string // of the file or of the symlink to it, its directory resolved
	Info
	Data  []byte
	Attrs map[string]string // extended attributes that this process can read, such as access control lists

	attrsErr error // set if Attrs is incomplete
}

// Capabilities is the extended attribute that contains file capabilities.
const Capabilities = "security.capability"

var errKind = errors.New("not a regular file")

// ReadFile reads the regular file to which name leads. If it has more than limit bytes, the error is EFBIG. Path is that of name
// itself, even if only the file is missing. If name is a symlink, Info and Attrs are empty, as a change would replace it.
//
// ReadFile opens only a regular file: opening a FIFO can block, and opening a device can have any effect. If another file replaces
// it meanwhile, ReadFile neither waits for that file nor reads it.
func (r *Root) ReadFile(name string, limit int64) (file File, err error) {
	_, at, err := r.walk(name, atOnce)
	file.Path = at.String()
	var end place
	if err == nil {
		_, end, err = r.walk(name, nil)
	}
	var found Info
	if err == nil {
		found, err = end.lstat()
	}
	if err == nil && !found.IsRegular() {
		err = errKind
	}
	fd := -1
	if err == nil {
		fd, err = end.open(unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return file, pathError("read", name, err)
	}
	defer unix.Close(fd)
	opened, err := fstat(fd)
	switch {
	case err != nil:
	case !opened.Same(found):
		err = unix.ESTALE
	case opened.Size > limit:
		err = unix.EFBIG
	default:
		file.attrsErr = errKind
		if at == end {
			file.Info = opened
			file.Attrs, file.attrsErr = attributes(fd)
		}
		file.Data, err = content(fd, opened.Size)
	}
	return file, pathError("read", name, err)
}

func content(fd int, size int64) ([]byte, error) {
	data := make([]byte, size)
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

func attributes(fd int) (attrs map[string]string, err error) {
	attrs = map[string]string{}
	var buf []byte
	n := 0
	list := func() (err error) { n, err = unix.Flistxattr(fd, buf); return err }
	if err = retry(list); n > 0 { // the length: most files have no attributes
		buf = make([]byte, 1<<16) // XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h
		err = retry(list)
	}
	for names := string(buf[:max(n, 0)]); names != "" && err == nil; {
		var name string
		name, names, _ = strings.Cut(names, "\x00")
		err = retry(func() (err error) { n, err = unix.Fgetxattr(fd, name, buf); return err })
		attrs[name] = string(buf[:max(n, 0)])
	}
	if err == unix.ENOTSUP { // a file system without extended attributes
		return nil, nil
	}
	return attrs, err
}
