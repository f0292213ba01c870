// Package rootfs reads and changes files below a root directory.
//
// A Root is either the running root file system (Host), accessed by plain paths, or an unpacked one (Open). In an unpacked root
// the package walks every path itself, element by element. It opens each directory relative to the previous one, without following
// symlinks, and keeps it open. It walks the target of a symlink from the root or from the symlink's directory. So an absolute
// symlink, or one with too many "..", leads to the same file as inside the container, and no concurrent change leads outside.
// openat2(2) with RESOLVE_IN_ROOT would do the same, but needs Linux 5.6, and seccomp profiles of older container engines deny it.
//
// Every replacement is a rename(2) of a complete new object: a reader sees either the old or the new one. Plan combines several
// changes into a transaction that can be undone. Only one goroutine at a time may use a Root.
package rootfs

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Root is a directory that is used as "/". The methods take absolute paths inside it.
type Root struct {
	dir string
	top *directory
	met map[string]*directory // by path
}

// Host returns the running root file system.
func Host() *Root { return newRoot("/", unix.AT_FDCWD) }

// Open returns the unpacked root file system in dir. Close it when done.
func Open(dir string) (*Root, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, pathError("open root", dir, err)
	}
	return newRoot(dir, fd), nil
}

func newRoot(dir string, fd int) *Root {
	top := &directory{path: "/", fd: fd}
	top.parent = top
	return &Root{dir: dir, top: top, met: map[string]*directory{"/": top}}
}

func (r *Root) host() bool { return r.top.fd == unix.AT_FDCWD }

// Close closes the directories that were opened. For the running root it does nothing.
func (r *Root) Close() {
	for _, f := range r.met {
		if !r.host() {
			unix.Close(f.fd)
		}
	}
}

// Dir returns the directory that was opened as the root, "/" for the running root.
func (r *Root) Dir() string { return r.dir }

// maxLinks is the number of symlinks that a path may contain, the kernel's own limit (MAXSYMLINKS in linux/namei.h).
const maxLinks = 40

// directory is an open directory on the path of a walk.
type directory struct {
	path   string // inside the root, without symlinks
	fd     int    // AT_FDCWD on the running root
	parent *directory

	swept bool // Sweep has run
	kept  int  // number of old objects that a Plan keeps in it
}

// place is an element of a directory: a symlink, a file, or a missing name. "." is the directory itself.
type place struct {
	*directory
	base string
}

func (p place) String() string {
	if p.directory == nil {
		return ""
	}
	return path.Join(p.path, p.base)
}

// at returns the first arguments of the *at system calls.
func (p place) at() (dirfd int, name string) {
	if p.fd == unix.AT_FDCWD {
		return p.fd, p.String()
	}
	return p.fd, p.base
}

// do makes an *at system call, and repeats it if a signal interrupts it.
func (p place) do(call func(dirfd int, name string) error) error {
	dirfd, name := p.at()
	return retry(func() error { return call(dirfd, name) })
}

func (p place) open(flags int, perm uint32) (fd int, err error) {
	dirfd, name := p.at()
	err = retry(func() (err error) { fd, err = unix.Openat(dirfd, name, flags|unix.O_CLOEXEC, perm); return err })
	return fd, err
}

func (p place) readlink() (string, error) {
	var buf [unix.PathMax]byte
	n := 0
	err := p.do(func(dirfd int, name string) (err error) { n, err = unix.Readlinkat(dirfd, name, buf[:]); return err })
	return string(buf[:max(n, 0)]), err
}

// walk walks name to its end. It follows a symlink at the end unless stop, which may be nil, returns true for its path. last is
// the last symlink that it followed at the end, or the zero place. If only the end is missing, last and end are set in spite of
// the error.
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

// enter opens a directory. If another process replaced it by a symlink, opening fails.
func (r *Root) enter(p place) (*directory, error) {
	next := &directory{path: p.String(), fd: unix.AT_FDCWD, parent: p.directory}
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

// Resolve returns the path inside the root to which name leads, without symlinks. It must exist.
func (r *Root) Resolve(name string) (string, error) {
	_, end, err := r.walk(name, nil)
	if err != nil {
		return "", pathError("resolve", name, err)
	}
	return end.String(), nil
}

// Place returns the path of name itself. It resolves the directory, but not the last element, which may be missing.
func (r *Root) Place(name string) (string, error) {
	_, end, err := r.walk(name, atOnce)
	return end.String(), pathError("resolve", name, err)
}

// Follow follows the chain of symlinks that begins at name, up to the first path for which stop returns true. stop may be nil.
// last is the path of the chain's last symlink, or "" if name is not a symlink. end is the path to which it leads. If end does not
// exist, err is ENOENT, and last and end are set.
func (r *Root) Follow(name string, stop func(place string) bool) (last, end string, err error) {
	lastPlace, endPlace, err := r.walk(name, stop)
	return lastPlace.String(), endPlace.String(), pathError("follow", name, err)
}

// retry repeats a system call that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// Missing reports whether an error means that a file, or the target of symlinks, does not exist.
func Missing(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
