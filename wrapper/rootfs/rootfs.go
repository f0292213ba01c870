// Package rootfs reads and changes files below a root directory.
//
// A Root is either the running root file system (Host), reached by plain paths, or an unpacked one (Open). In the latter
// every path is walked here, element by element: a directory is opened below the one before it without following links, and
// held; a link is read, and what it says is walked from the root or from the directory that it is in; "..", too, is the
// directory that the walk came from. So an absolute link, or one with too many "..", means a place inside the root, exactly as
// it will mean inside the container, and whatever anybody swaps meanwhile, no step leads out. The kernel could do the same
// (openat2(2) with RESOLVE_IN_ROOT), but not before Linux 5.6, nor under the seccomp profiles of older container engines.
//
// Everything that replaces something does so by rename(2) of a finished new object, so that a reader sees the old or the new
// one and never nothing. Tx groups several changes into one that can be undone. A Root is used by one goroutine at a time.
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
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
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

func (p place) open(flags int, perm uint32) (fd int, err error) {
	err = p.do(func(dirfd int, name string) (err error) {
		fd, err = unix.Openat(dirfd, name, flags|unix.O_CLOEXEC, perm)
		return err
	})
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

// Missing tells of an error whether it says that there is nothing, or nothing at the end of the links.
func Missing(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
