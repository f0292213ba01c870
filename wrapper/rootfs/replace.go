package rootfs

import (
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// These are the names of all temporary files. Only the holder of Lock makes them, and the kernel releases the lock when its
// holder dies, in any container. So a process that has the lock and finds such a name knows that its maker is dead, and removes
// it (sweep) before it makes anything in that directory.
const (
	locked     = ".iptables-wrapper.lock" // the lock itself, in the wrapper's own directory
	unfinished = ".iptables-wrapper.new"  // a new object, until rename(2)
	replaced   = ".iptables-wrapper.old." // and a number: what a Plan may have to put back; removed from the highest number on
	final      = ".iptables-wrapper."     // and an applet: the last symlink of a pin, see ReplaceLast
)

// Lock takes the lock of the installation in dir, the wrapper's own directory, without waiting: the error is EWOULDBLOCK
// while another process has it. The lock is released at the latest when this process ends or executes another program.
//
// It is flock(2) of a file that only its owner can open. Any user who can read the directory, or a file of the image, could lock
// that. A write lock (fcntl(2)) needs a file opened for writing, which an overlay file system copies up. The lock's file exists
// only while it is locked: its holder removes it or, if that was killed, the next holder.
func (r *Root) Lock(dir string) (unlock func() error, err error) {
	_, p, err := r.walk(dir+"/"+locked, atOnce)
	for err == nil {
		fd := -1
		if fd, err = p.open(unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600); err != nil {
			break
		}
		err = retry(func() error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
		if err != nil && err != unix.EWOULDBLOCK {
			_ = p.unlink(0) // this file system has no locks
		}
		opened, statErr := fstat(fd)
		if named, lstatErr := p.lstat(); err == nil && statErr == nil && lstatErr == nil && named.Same(opened) {
			return func() error {
				err := p.discard()
				unix.Close(fd)
				return err
			}, nil
		}
		unix.Close(fd) // its last holder has removed it since it was opened
	}
	return nil, pathError("lock", dir, err)
}

// Sweep removes what a killed process left in dir, once for each Root. It fails early if dir cannot be written.
func (r *Root) Sweep(dir string) error {
	_, p, err := r.walk(dir+"/"+unfinished, atOnce)
	if err != nil {
		return pathError("sweep", dir, err)
	}
	return p.sweep()
}

func (f *folder) sweep() error {
	if f.swept {
		return nil
	}
	left := []place{{f, unfinished}}
	for _, a := range applet.All() {
		left = append(left, place{f, final + a.String()})
	}
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
	f.swept = true
	return nil
}

func (f *folder) old(n int) place { return place{f, replaced + strconv.Itoa(n)} }

// discard removes a file, symlink or empty directory that may be there.
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

// Change makes a path a symlink or a regular file. There may be a symlink, a file, or nothing, but no directory.
type Change struct {
	Verb   string // copy (the wrapper), write (another file), link, or remove (when a Plan is committed)
	Path   string
	Target string // what a symlink leads to; empty for a file
	Data   []byte // a file's content
	Like   Info   // a file's permissions and owner
	Attrs  []Attr // a file's extended attributes
	// Staging is where a file is made, and kept by a Plan; on the same file system. Empty means the directory that it is in.
	Staging string

	was Info // what is at Path while the change is planned
}

// Replace makes one change. The caller holds the lock.
//
// There is no fsync: it costs more than all else the caller does, and a killed process leaves whole files without it.
func (r *Root) Replace(c Change) error {
	made, at, err := r.make(c, unfinished)
	return made.move(at, c, err)
}

// ReplaceLast makes the last change of a lock's holder, a call of applet a, and calls unlock just before the rename(2): a process
// that is killed with the lock's file still there has left the symlink as it was. The next holder can be at work by then, but
// uses another name for its new object, except for the same applet. If it has removed the object made here, it has found the
// symlink as it was, and changes it itself.
func (r *Root) ReplaceLast(c Change, a applet.Applet, unlock func() error) error {
	made, at, err := r.make(c, final+a.String())
	if err != nil {
		return errors.Join(made.move(at, c, err), unlock())
	}
	if err = made.move(at, c, unlock()); errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// make makes the new object, called base, beside its place or in the staging directory.
func (r *Root) make(c Change, base string) (made, at place, err error) {
	_, at, err = r.walk(c.Path, atOnce)
	made = place{at.folder, base}
	if err == nil && c.Staging != "" {
		_, made, err = r.walk(c.Staging+"/"+base, atOnce)
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

// move moves a new object to its place. After an error it removes the object instead: the disk is full, or the place cannot be
// taken, being a mount point.
func (p place) move(at place, c Change, err error) error {
	if err == nil {
		err = rename(p, at)
	}
	if err != nil && p.folder != nil {
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
	// Whether close was interrupted or not, the descriptor is closed and the data was taken before (close(2)).
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
	// Asked for only where it changes something: a container without CAP_CHOWN may still write its own files.
	if err == nil && (now.Uid != c.Like.Uid || now.Gid != c.Like.Gid) {
		err = retry(func() error { return unix.Fchown(fd, int(c.Like.Uid), int(c.Like.Gid)) })
		now.Mode = 0 // chown(2) clears set-user-ID
	}
	if err == nil && now.Perm() != c.Like.Perm() {
		err = retry(func() error { return unix.Fchmod(fd, c.Like.Perm()) })
	}
	if err == nil {
		err = setAttrs(fd, c.Attrs) // last: a write or chown(2) removes file capabilities
	}
	return err
}

// setAttrs leaves out what a container may not set, or the file system does not have: a caller that depends on an attribute
// reads it back.
func setAttrs(fd int, attrs []Attr) error {
	for _, a := range attrs {
		err := retry(func() error { return unix.Fsetxattr(fd, a.Name, []byte(a.Value), 0) })
		if err != nil && err != unix.EPERM && err != unix.EACCES && err != unix.ENOTSUP {
			return err
		}
	}
	return nil
}
