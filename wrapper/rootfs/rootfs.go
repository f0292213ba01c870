// Package rootfs reads and changes files below a root directory.
//
// A Root is either the running root file system (Host), reached by plain paths, or an unpacked one (Open), in which every
// path is resolved by openat2(2) with RESOLVE_IN_ROOT: an absolute link, or one with too many "..", means a place inside
// the root, exactly as it will mean inside the container, and never leads out of it.
//
// Everything that replaces something does so by rename(2) of a finished new object, so that a reader sees the old or the new
// one and never nothing. Tx groups several changes into one that can be undone.
package rootfs

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many links a path may lead through, the kernel's own limit (MAXSYMLINKS in linux/namei.h).
const maxLinks = 40

// Root is a directory that stands for "/". Paths given to its methods are absolute paths inside it.
type Root struct {
	fd   int
	dir  string
	host bool
}

// Host returns the running root file system. Its paths are plain ones: the seccomp profiles of older container engines refuse
// openat2(2), and a process is already held inside its own root.
func Host() *Root {
	return &Root{fd: unix.AT_FDCWD, dir: "/", host: true}
}

// Open returns the unpacked root file system in dir. Close it when done. It needs Linux 5.6 for openat2(2).
func Open(dir string) (*Root, error) {
	fd, err := retry(func() (int, error) {
		return unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open root", Path: dir, Err: err}
	}
	root := &Root{fd: fd, dir: dir}
	probe, err := root.open("/", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		unix.Close(fd)
		return nil, &fs.PathError{Op: "openat2 in root", Path: dir, Err: err}
	}
	unix.Close(probe)
	return root, nil
}

// Close releases the directory. The running root has nothing to release.
func (r *Root) Close() error {
	if r.host {
		return nil
	}
	return unix.Close(r.fd)
}

// Dir is the directory that the root was opened as, "/" for the running root.
func (r *Root) Dir() string { return r.dir }

// open opens a path inside the root, following links in it. The caller closes the descriptor.
func (r *Root) open(name string, flags int) (int, error) {
	flags |= unix.O_CLOEXEC
	if r.host {
		return retry(func() (int, error) { return unix.Open(name, flags, 0) })
	}
	how := unix.OpenHow{
		Flags:   uint64(flags),
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	return retry(func() (int, error) { return unix.Openat2(r.fd, inside(name), &how) })
}

// at opens the directory that holds name and returns it with the last element of name, for the *at system calls. done closes
// it. On the running root the plain path does, without opening anything.
func (r *Root) at(name string) (dirfd int, base string, done func(), err error) {
	if r.host {
		return unix.AT_FDCWD, name, func() {}, nil
	}
	dir, base := Split(name)
	fd, err := r.open(dir, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return 0, "", nil, err
	}
	return fd, base, func() { unix.Close(fd) }, nil
}

// Split cuts an absolute path before its last element: "/usr/sbin/iptables" is "/usr/sbin" and "iptables".
func Split(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '/')
	if i <= 0 {
		return "/", name[i+1:]
	}
	return name[:i], name[i+1:]
}

// Join puts an element into a directory.
func Join(dir, base string) string {
	if dir == "/" {
		return "/" + base
	}
	return dir + "/" + base
}

// inside makes an absolute path relative to the root's descriptor; openat2 refuses an empty path.
func inside(name string) string {
	name = strings.TrimLeft(name, "/")
	if name == "" {
		return "."
	}
	return name
}

// retry repeats a system call that a signal interrupted, or that openat2 could not finish because something was renamed
// meanwhile (EAGAIN, openat2(2)).
func retry(call func() (int, error)) (int, error) {
	for attempt := 0; ; attempt++ {
		n, err := call()
		if errors.Is(err, unix.EINTR) || (errors.Is(err, unix.EAGAIN) && attempt < 100) {
			continue
		}
		return n, err
	}
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
