package rootfs

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Two names, the same in every run, are all that ever stands beside what is changed:
//
//	.iptables-wrapper.new      what is being made; rename(2) gives it its place
//	.iptables-wrapper.old.N    what a Tx may have to put back, numbered from 0 in each directory
//
// Only the holder of Lock makes them, and the kernel releases that lock when its holder dies, in whichever container that
// was. So who has the lock and finds such a name knows that its maker is dead, and removes it (sweep) before anything is
// made in that directory. Numbers come and go from the highest on, so that without number 0 there is none.
const (
	unfinished = ".iptables-wrapper.new"
	replaced   = ".iptables-wrapper.old."
)

// Lock takes the lock of the installation in dir, the wrapper's own directory, without waiting: the error is EWOULDBLOCK
// while another process has it. It is gone at the latest when this process ends or becomes another program.
func (r *Root) Lock(dir string) (unlock func(), err error) {
	p, err := r.find("lock", dir)
	if err != nil {
		return nil, err
	}
	fd, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, pathError("open", dir, err)
	}
	if _, err := retry(func() (int, error) { return 0, unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		unix.Close(fd)
		return nil, pathError("lock", dir, err)
	}
	return func() { unix.Close(fd) }, nil
}

// Sweep removes what a killed process left in dir, once for each Root. It tells early of a directory that cannot be written.
func (r *Root) Sweep(dir string) error {
	_, p, err := r.walk(dir+"/"+unfinished, false)
	if err != nil {
		return pathError("sweep", dir, err)
	}
	return p.sweep()
}

func (f *folder) sweep() error {
	if f.swept {
		return f.sweepErr
	}
	f.swept = true
	f.sweepErr = place{f, unfinished}.discard()
	n := 0
	for f.sweepErr == nil && f.old(n).there() {
		n++
	}
	for n--; f.sweepErr == nil && n >= 0; n-- {
		f.sweepErr = f.old(n).discard()
	}
	return f.sweepErr
}

func (f *folder) old(n int) place { return place{f, replaced + strconv.Itoa(n)} }

func (p place) there() bool {
	_, err := p.lstat()
	return err == nil
}

// discard removes a file or link that may be there.
func (p place) discard() error {
	if err := p.unlink(); err != unix.ENOENT {
		return pathError("remove", p.String(), err)
	}
	return nil
}

func (p place) unlink() error {
	return p.do(func(dirfd int, name string) error { return unix.Unlinkat(dirfd, name, 0) })
}

// Change makes a path a link or a regular file, whatever link or file it was, but never a directory. It may be missing.
type Change struct {
	Path   string
	Target string // what a link leads to; empty for a file
	Data   []byte // a file's content
	Like   Info   // a file's permissions and owner
	// Staging is where a file is made, and kept by a Tx; on the same file system. Empty means the directory that it is in.
	Staging string
}

// Replace makes one change. The caller holds the lock.
//
// There is no fsync: what a killed process leaves is whole in any case, and one costs more than all else the caller does.
func (r *Root) Replace(c Change) error {
	return r.replace(c, func(place, *folder) error { return nil })
}

func (r *Root) replace(c Change, keep func(at place, staging *folder) error) error {
	_, at, err := r.walk(c.Path, false)
	made := place{at.folder, unfinished}
	if err == nil && c.Staging != "" {
		_, made, err = r.walk(c.Staging+"/"+unfinished, false)
	}
	if err == nil {
		err = made.sweep()
	}
	if err == nil {
		err = keep(at, made.folder)
	}
	if err != nil {
		return pathError("replace", c.Path, err)
	}
	if c.Target != "" {
		err = made.do(func(dirfd int, name string) error { return unix.Symlinkat(c.Target, dirfd, name) })
	} else {
		err = made.create(c.Data, c.Like)
	}
	if err == nil {
		err = rename(made, at)
	}
	if err != nil {
		_ = made.unlink() // the disk is full, or the place cannot be taken, being a mount point
	}
	return pathError("replace", c.Path, err)
}

func rename(from, to place) error {
	toDir, toName := to.at(to.base)
	return from.do(func(dirfd int, name string) error { return unix.Renameat(dirfd, name, toDir, toName) })
}

const createNew = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW

func (p place) create(data []byte, like Info) error {
	fd, err := p.open(createNew, like.Perm())
	if err != nil {
		return err
	}
	err = fill(fd, data, like)
	// Whether close was interrupted or not, the descriptor is closed and the data was taken before (close(2)).
	if closeErr := unix.Close(fd); err == nil && closeErr != unix.EINTR {
		err = closeErr
	}
	return err
}

func fill(fd int, data []byte, like Info) error {
	for len(data) > 0 {
		n, err := retry(func() (int, error) { return unix.Write(fd, data) })
		if err != nil {
			return err
		}
		data = data[n:]
	}
	now, err := fstat(fd)
	// Asked for only where it changes something: a container without CAP_CHOWN may still write its own files.
	if err == nil && (now.Uid != like.Uid || now.Gid != like.Gid) {
		_, err = retry(func() (int, error) { return 0, unix.Fchown(fd, int(like.Uid), int(like.Gid)) })
		now.Mode = 0 // chown(2) clears set-user-ID
	}
	if err == nil && now.Perm() != like.Perm() {
		_, err = retry(func() (int, error) { return 0, unix.Fchmod(fd, like.Perm()) })
	}
	return err
}

// Remove removes a file or link, never a directory.
func (r *Root) Remove(name string) error {
	return r.do("remove", name, func(dirfd int, name string) error { return unix.Unlinkat(dirfd, name, 0) })
}
