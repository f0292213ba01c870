// Package rootfs reads and changes files below a root directory.
//
// A Root is either the running root file system (Host), reached by plain paths, or an unpacked one (Open). In an unpacked one
// the package walks every path itself, element by element. It opens each directory below the one before it, without following
// symlinks, and keeps it open. It walks the target of a symlink from the root or from the symlink's directory. So an absolute
// symlink, or one with too many "..", leads to the same file as inside the container, and no concurrent change leads outside.
// The kernel's own openat2(2) with RESOLVE_IN_ROOT needs Linux 5.6, and older container engines' seccomp profiles deny it.
//
// Every replacement is a rename(2) of a finished new object: a reader sees either the old or the new one. Tx groups several
// changes into one that can be undone. A Root is used by one goroutine at a time.
package rootfs

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Root is a directory that stands for "/". Paths given to its methods are absolute paths inside it.
type Root struct {
	dir string
	top *folder
	met map[string]*folder // by path
}

// Host returns the running root file system.
func Host() *Root { return newRoot("/", unix.AT_FDCWD) }

// Open returns the unpacked root file system in dir. Close it when done.
func Open(dir string) (*Root, error) {
	fd, err := openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, pathError("open root", dir, err)
	}
	return newRoot(dir, fd), nil
}

func newRoot(dir string, fd int) *Root {
	top := &folder{path: "/", fd: fd}
	top.parent = top
	return &Root{dir: dir, top: top, met: map[string]*folder{"/": top}}
}

func (r *Root) host() bool { return r.top.fd == unix.AT_FDCWD }

// Close releases the directories that were met. The running root has nothing to release.
func (r *Root) Close() error {
	if r.host() {
		return nil
	}
	var failed error
	for _, f := range r.met {
		if err := unix.Close(f.fd); err != nil {
			failed = pathError("close", f.path, err)
		}
	}
	return failed
}

// Dir is the directory that the root was opened as, "/" for the running root.
func (r *Root) Dir() string { return r.dir }

func openat(dirfd int, name string, flags int, perm uint32) (fd int, err error) {
	err = retry(func() (err error) { fd, err = unix.Openat(dirfd, name, flags|unix.O_CLOEXEC, perm); return err })
	return fd, err
}

// retry repeats a system call that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// Missing reports whether an error means that there is no file, or none at the end of the symlinks.
func Missing(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
