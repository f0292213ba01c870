package rootfs

import (
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many links a path may lead through, the kernel's own limit (MAXSYMLINKS in linux/namei.h).
const maxLinks = 40

// folder is a directory that a walk came through.
type folder struct {
	path   string // inside the root, free of links
	fd     int    // AT_FDCWD on the running root
	parent *folder

	swept    bool // sweep was called
	sweepErr error
	kept     int // number of old objects that a Tx keeps here
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

// walk goes along name to end. It follows a link at the end of the way unless stop reports true for its path. last is the last
// link that it followed there; without one it is the zero place. If only the end is missing, both are set beside the error.
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
		if name == "" && stop(end.String()) {
			return last, end, nil
		}
		if known := r.met[end.String()]; known != nil && name != "" {
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

func never(string) bool  { return false }
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

// do calls use with the place of name, its last element not followed. On the running root the kernel walks, faster.
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

// Resolve returns the path inside the root that name leads to, without any link in it. It must exist.
func (r *Root) Resolve(name string) (string, error) {
	_, end, err := r.walk(name, never)
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

// Follow walks the chain of links that begins at name. last is the place of the chain's last link, empty when name is no
// link; end is the place that it leads to, which need not exist (err is ENOENT then, with last and end set).
func (r *Root) Follow(name string) (last, end string, err error) {
	return r.FollowTo(name, never)
}

// FollowTo is Follow, but the chain ends at the first place for which stop reports true.
func (r *Root) FollowTo(name string, stop func(place string) bool) (last, end string, err error) {
	lastPlace, endPlace, err := r.walk(name, stop)
	return lastPlace.String(), endPlace.String(), pathError("follow", name, err)
}
