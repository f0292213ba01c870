// Package rootfs reads and changes files below a root directory.
//
// A Root is either the running root file system (Host), reached by plain paths, or an unpacked one (Open). In an unpacked one
// the package walks every path itself, element by element. It opens each directory below the one before it, without following
// symlinks, and keeps it open. It walks the target of a symlink from the root or from the symlink's directory. So an absolute
// symlink, or one with too many "..", leads to the same file as inside the container, and no concurrent change leads outside.
// The kernel's own openat2(2) with RESOLVE_IN_ROOT needs Linux 5.6, and older container engines' seccomp profiles deny it.
//
// Every replacement is a rename(2) of a finished new object: a reader sees either the old or the new one. Plan groups several
// changes into one that can be undone. A Root is used by one goroutine at a time.
package rootfs

import (
	"errors"
	"io/fs"
	"strings"

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
func (r *Root) Close() {
	for _, f := range r.met {
		if !r.host() {
			unix.Close(f.fd)
		}
	}
}

// Dir is the directory that the root was opened as, "/" for the running root.
func (r *Root) Dir() string { return r.dir }

// maxLinks is how many links a path may lead through, the kernel's own limit (MAXSYMLINKS in linux/namei.h).
const maxLinks = 40

// folder is a directory that a walk came through.
type folder struct {
	path   string // inside the root, free of links
	fd     int    // AT_FDCWD on the running root
	parent *folder

	swept bool // sweep found nothing that is left
	kept  int  // number of old objects that a Plan keeps here
}

// place is an element of a folder, be it a link, a file, or nothing; "." is the folder itself.
type place struct {
	*folder
	base string
}

func (p place) String() string {
	switch {
	case p.folder == nil:
		return ""
	case p.base == ".":
		return p.path
	case p.path == "/":
		return "/" + p.base
	}
	return p.path + "/" + p.base
}

// at returns the first arguments of the *at system calls.
func (p place) at() (dirfd int, name string) {
	if p.fd == unix.AT_FDCWD {
		return p.fd, p.String()
	}
	return p.fd, p.base
}

// do makes an *at system call, again if a signal interrupted it.
func (p place) do(call func(dirfd int, name string) error) error {
	dirfd, name := p.at()
	return retry(func() error { return call(dirfd, name) })
}

func (p place) open(flags int, perm uint32) (fd int, err error) {
	dirfd, name := p.at()
	return openat(dirfd, name, flags, perm)
}

func (p place) readlink() (string, error) {
	var buf [unix.PathMax]byte
	n := 0
	err := p.do(func(dirfd int, name string) (err error) { n, err = unix.Readlinkat(dirfd, name, buf[:]); return err })
	return string(buf[:max(n, 0)]), err
}

// walk goes along name to end. It follows a link at the end of the way unless stop, if any, reports true for its path. last is the
// last link that it followed there; without one it is the zero place. If only the end is missing, both are set beside the error.
func (r *Root) walk(name string, stop func(path string) bool) (last, end place, err error) {
	at := r.top
	for links := 0; ; {
		var element string
		element, name, _ = strings.Cut(strings.TrimLeft(name, "/"), "/")
		name = strings.TrimLeft(name, "/")
		if element == ".." {
			at = at.parent
		}
		if element == "" || element == "." || element == ".." {
			if name == "" {
				return last, place{at, "."}, nil
			}
			continue
		}
		end = place{at, element}
		if name == "" && stop != nil && stop(end.String()) {
			return last, end, nil
		}
		if known := r.met[end.String()]; known != nil {
			if name == "" {
				return last, end, nil
			}
			at = known
			continue
		}
		target, err := end.readlink()
		if err == unix.EINVAL && name != "" {
			if at, err = r.enter(end); err == nil {
				continue
			}
		}
		switch {
		case err != nil && name != "":
			return last, place{}, err
		case err == unix.EINVAL:
			return last, end, nil
		case err != nil:
			return last, end, err
		}
		if name == "" {
			last = end
		}
		if links++; links > maxLinks {
			return last, end, unix.ELOOP
		}
		if target != "" && target[0] == '/' {
			at = r.top
		}
		name = target + "/" + name
	}
}

func atOnce(string) bool { return true }

// enter opens a directory that is no link, or was none a moment ago.
func (r *Root) enter(p place) (*folder, error) {
	next := &folder{path: p.String(), fd: unix.AT_FDCWD, parent: p.folder}
	if !r.host() {
		fd, err := p.open(unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
		if err != nil {
			return nil, err
		}
		next.fd = fd
	}
	r.met[next.path] = next
	return next, nil
}

// Resolve returns the path inside the root that name leads to, without any link in it. It must exist.
func (r *Root) Resolve(name string) (string, error) {
	_, end, err := r.walk(name, nil)
	if err != nil {
		return "", pathError("resolve", name, err)
	}
	return end.String(), nil
}

// Place returns where name itself is: its directory resolved, its last element as it is, be it a link, a file, or nothing.
func (r *Root) Place(name string) (string, error) {
	_, end, err := r.walk(name, atOnce)
	return end.String(), pathError("resolve", name, err)
}

// Follow walks the chain of links that begins at name, up to the first place for which stop, if any, reports true. last is the
// place of the chain's last link, empty when name is no link; end is the place that it leads to, which need not exist (err is
// ENOENT then, with last and end set).
func (r *Root) Follow(name string, stop func(place string) bool) (last, end string, err error) {
	lastPlace, endPlace, err := r.walk(name, stop)
	return lastPlace.String(), endPlace.String(), pathError("follow", name, err)
}

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
