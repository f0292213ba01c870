package rootfs

import (
	"errors"

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
func (r *Root) Lstat(name string) (Info, error) {
	p, err := r.find("lstat", name)
	if err != nil {
		return Info{}, err
	}
	info, err := p.lstat()
	return info, pathError("lstat", name, err)
}

// Stat describes what name leads to.
func (r *Root) Stat(name string) (Info, error) {
	if r.host() { // every call asks for three files this way, and the kernel walks faster
		var st unix.Stat_t
		_, err := retry(func() (int, error) { return 0, unix.Stat(name, &st) })
		// A seccomp filter denies it: of a path, the kernel itself says neither. fstat(2) programs need to be loaded at all.
		if err == unix.EPERM || err == unix.ENOSYS {
			return statByDescriptor(name)
		}
		return Info(st), pathError("stat", name, err)
	}
	_, end, err := r.walk(name, true)
	if err != nil {
		return Info{}, pathError("stat", name, err)
	}
	info, err := end.lstat()
	return info, pathError("stat", name, err)
}

func statByDescriptor(name string) (Info, error) {
	fd, err := retry(func() (int, error) { return unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0) })
	if err != nil {
		return Info{}, pathError("open", name, err)
	}
	defer unix.Close(fd)
	info, err := fstat(fd)
	return info, pathError("fstat", name, err)
}

func (p place) lstat() (Info, error) {
	var st unix.Stat_t
	err := p.do(func(dirfd int, name string) error { return unix.Fstatat(dirfd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return Info(st), err
}

func fstat(fd int) (Info, error) {
	var st unix.Stat_t
	_, err := retry(func() (int, error) { return 0, unix.Fstat(fd, &st) })
	return Info(st), err
}

// Readlink returns the target of a link. Of anything else the error is EINVAL.
func (r *Root) Readlink(name string) (string, error) {
	p, err := r.find("readlink", name)
	if err != nil {
		return "", err
	}
	target, err := p.readlink()
	return target, pathError("readlink", name, err)
}

// Writable tells whether this process may create files in dir.
func (r *Root) Writable(dir string) bool {
	return r.do("access", dir, func(dirfd int, name string) error {
		return unix.Faccessat(dirfd, name, unix.W_OK|unix.X_OK, 0)
	}) == nil
}

// ReadFile returns the content of a regular file, which may be a link's. More than limit bytes is the error EFBIG.
func (r *Root) ReadFile(name string, limit int64) ([]byte, error) {
	_, end, err := r.walk(name, true)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	data, err := end.read(limit)
	return data, pathError("read", name, err)
}

var errKind = errors.New("not a regular file")

// read opens nothing but a regular file: to open a FIFO can hang, to open a device can do anything. What takes the place of
// the file that was looked at is not waited for, nor read.
func (p place) read(limit int64) ([]byte, error) {
	looked, err := p.lstat()
	switch {
	case err != nil:
		return nil, err
	case !looked.IsRegular():
		return nil, errKind
	}
	fd, err := p.open(unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	opened, err := fstat(fd)
	switch {
	case err != nil:
		return nil, err
	case !opened.Same(looked):
		return nil, unix.ESTALE
	case opened.Size > limit:
		return nil, unix.EFBIG
	}
	data := make([]byte, opened.Size)
	for done := 0; done < len(data); {
		n, err := retry(func() (int, error) { return unix.Read(fd, data[done:]) })
		if err != nil {
			return nil, err
		}
		if done += n; n == 0 {
			data = data[:done]
		}
	}
	return data, nil
}
