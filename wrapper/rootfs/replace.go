package rootfs

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// These are the names of all temporary files. Only a process that has the lock creates them, and the kernel releases the lock when
// that process ends, in any container. So if a process has the lock and finds such a name, the process that created it has ended.
// It removes the file (sweep) before it creates anything in that directory.
const (
	locked     = ".iptables-wrapper.lock"    // the lock's file, in the wrapper's own directory
	unfinished = ".iptables-wrapper.new"     // a new object, until rename(2)
	replaced   = ".iptables-wrapper.old."    // and a number: an old object that Undo may need; removed from the highest number on
	marker     = ".iptables-wrapper.guessed" // of calls before version 1
)

// Lock takes the lock of the installation in dir, the wrapper's own directory. It does not wait: while another process has the
// lock, the error is EWOULDBLOCK. The lock is released at the latest when this process ends or executes another binary.
//
// Lock calls flock(2) on a file that only its owner can open. Any user who can read the directory, or another file of the image,
// could lock that. A write lock (fcntl(2)) needs a file that is open for writing, which an overlay file system copies up. The
// lock's file exists only while it is locked. Unlocking removes it; if the process was killed, the next one that locks removes it.
func (r *Root) Lock(dir string) (unlock func() error, err error) {
	_, p, err := r.walk(dir+"/"+locked, atOnce)
	for err == nil {
		fd := -1
		if fd, err = p.open(unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600); err != nil {
			break
		}
		err = retry(func() error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
		if err != nil && err != unix.EWOULDBLOCK {
			_ = p.unlink(0) // this file system does not support locks
		}
		opened, statErr := fstat(fd)
		if named, lstatErr := p.lstat(); err == nil && statErr == nil && lstatErr == nil && named.Same(opened) {
			return func() error {
				err := p.discard()
				unix.Close(fd)
				return err
			}, nil
		}
		unix.Close(fd) // another process removed the file after it was opened
	}
	return nil, pathError("lock", dir, err)
}

// Sweep removes the files that a killed process left in dir, once for each Root. It cannot remove a directory that is not empty,
// which no process of this project creates.
func (r *Root) Sweep(dir string) error {
	_, p, err := r.walk(dir+"/"+unfinished, atOnce)
	if err != nil {
		return pathError("sweep", dir, err)
	}
	return p.sweep()
}

func (f *directory) sweep() error {
	if f.swept {
		return nil
	}
	f.swept = true
	left := []place{{f, unfinished}, {f, marker}}
	for n := 0; ; n++ {
		if _, err := f.old(n).lstat(); err != nil {
			break
		}
		left = append(left, f.old(n))
	}
	for _, p := range slices.Backward(left) {
		if err := p.discard(); err != nil {
			return err
		}
	}
	return nil
}

func (f *directory) old(n int) place { return place{f, replaced + strconv.Itoa(n)} }

// discard removes a file, symlink or empty directory. It is not an error if there is none.
func (p place) discard() error {
	err := p.unlink(0)
	if err == unix.EISDIR {
		err = p.unlink(unix.AT_REMOVEDIR)
	}
	if err != unix.ENOENT {
		return pathError("remove", p.String(), err)
	}
	return nil
}

func (p place) unlink(flags int) error {
	return p.do(func(dirfd int, name string) error { return unix.Unlinkat(dirfd, name, flags) })
}

// Change makes a path a symlink or a regular file. The path may be a symlink, a file or missing, but not a directory.
type Change struct {
	Verb   string // copy (the wrapper), write (another file) or link
	Path   string
	Target string            // target of a symlink; empty for a file
	Data   []byte            // a file's content
	Like   Info              // a file's permissions and owner
	Attrs  map[string]string // a file's extended attributes
	// Staging is the directory in which a new file is created and a Plan keeps the old one, on the same file system. If it is
	// empty, the file's own directory is used.
	Staging string

	was Info // the object at Path when the change was planned
}

// make creates the new object beside its place or in the staging directory.
func (r *Root) make(c Change) (made, at place, err error) {
	_, at, err = r.walk(c.Path, atOnce)
	made = place{at.directory, unfinished}
	if err == nil && c.Staging != "" {
		_, made, err = r.walk(c.Staging+"/"+unfinished, atOnce)
	}
	if err == nil {
		err = made.sweep()
	}
	switch {
	case err != nil:
	case c.Target != "":
		err = made.do(func(dirfd int, name string) error { return unix.Symlinkat(c.Target, dirfd, name) })
	default:
		err = made.create(c)
	}
	return made, at, err
}

// move moves a new object to its place. If err is not nil, or the place is a mount point, move removes the object.
func (p place) move(at place, c Change, err error) error {
	if err == nil {
		err = rename(p, at)
	}
	if err != nil && p.directory != nil {
		_ = p.unlink(0)
	}
	return pathError("replace", c.Path, err)
}

func rename(from, to place) error {
	toDir, toName := to.at()
	return from.do(func(dirfd int, name string) error { return unix.Renameat(dirfd, name, toDir, toName) })
}

const createNew = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW

func (p place) create(c Change) error {
	fd, err := p.open(createNew, c.Like.Perm())
	if err != nil {
		return err
	}
	err = fill(fd, c)
	// The descriptor is closed and the data was written before, even if a signal interrupted close(2).
	if closeErr := unix.Close(fd); err == nil && closeErr != unix.EINTR {
		err = closeErr
	}
	return err
}

func fill(fd int, c Change) error {
	for data, n := c.Data, 0; len(data) > 0; data = data[n:] {
		err := retry(func() (err error) { n, err = unix.Write(fd, data); return err })
		if err != nil {
			return err
		}
	}
	now, err := fstat(fd)
	// Only if it changes something: a container without CAP_CHOWN may still write its own files.
	if err == nil && (now.Uid != c.Like.Uid || now.Gid != c.Like.Gid) {
		err = retry(func() error { return unix.Fchown(fd, int(c.Like.Uid), int(c.Like.Gid)) })
		now.Mode = 0 // chown(2) clears set-user-ID
	}
	if err == nil && now.Perm() != c.Like.Perm() {
		err = retry(func() error { return unix.Fchmod(fd, c.Like.Perm()) })
	}
	if err == nil {
		err = setAttrs(fd, c.Attrs) // last, because write(2) and chown(2) remove file capabilities
	}
	return err
}

// setAttrs skips attributes that a container may not set, or that the file system does not support. A caller that depends on an
// attribute reads it back.
func setAttrs(fd int, attrs map[string]string) error {
	for name, value := range attrs {
		err := retry(func() error { return unix.Fsetxattr(fd, name, []byte(value), 0) })
		if err != nil && err != unix.EPERM && err != unix.EACCES && err != unix.ENOTSUP {
			return err
		}
	}
	return nil
}
