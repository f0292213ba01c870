package rootfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ReplaceLink makes name a symbolic link to target, whatever link or file it was: a new link at temp, in the same directory,
// is renamed over it. name may be missing, but must not be a directory (EISDIR).
//
// Every caller that wants the same target must give the same temp, and no other caller that one. Then it does not matter who
// wins a race, nor whether an earlier one was killed between the two calls: the link found at temp is the wanted one already.
func (r *Root) ReplaceLink(name, target, temp string) error {
	dirfd, base, done, err := r.at(name)
	if err != nil {
		return pathError("link", name, err)
	}
	defer done()
	tempName := temp
	if !r.host {
		_, tempName = Split(temp)
	}
	err = unix.Symlinkat(target, dirfd, tempName)
	if errors.Is(err, unix.EEXIST) {
		err = r.adopt(target, temp, dirfd, tempName)
	}
	if err != nil {
		return pathError("link", temp, err)
	}
	err = unix.Renameat(dirfd, tempName, dirfd, base)
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.ENOENT) {
		// Another call renamed the very link that this one made or adopted.
		if now, readErr := r.Readlink(name); readErr == nil && now == target {
			return nil
		}
		return pathError("rename", name, err)
	}
	// The place cannot be taken (a directory is in it, or it is a mount point): leave nothing behind.
	_ = unix.Unlinkat(dirfd, tempName, 0)
	return pathError("rename", name, err)
}

// adopt makes sure that the link found at temp is the wanted one; another is a leftover of an older version and is replaced.
func (r *Root) adopt(target, temp string, dirfd int, tempName string) error {
	found, err := r.Readlink(temp)
	if err == nil && found == target {
		return nil
	}
	if errors.Is(err, unix.ENOENT) {
		// Renamed meanwhile by the call that made it: the rename that follows finds that out.
		return nil
	}
	if err := unix.Unlinkat(dirfd, tempName, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	if err := unix.Symlinkat(target, dirfd, tempName); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// ReplaceFile replaces an existing regular file by one with new content and the same owner and permissions. The new file is
// written at temp, on the same file system but not necessarily in the same directory, which must not exist.
//
// There is no fsync: what a killed process leaves is whole in any case, and one costs more than all else the caller does.
func (r *Root) ReplaceFile(name string, data []byte, temp string) error {
	old, err := r.Lstat(name)
	if err != nil {
		return err
	}
	if !old.IsRegular() {
		return pathError("replace", name, unix.EINVAL)
	}
	if err := r.create(temp, data, old); err != nil {
		return err
	}
	if err := r.Rename(temp, name); err != nil {
		_ = r.Remove(temp)
		return err
	}
	return nil
}

// create writes a new regular file with the permissions of like, and its owner where that is not the caller's own.
func (r *Root) create(name string, data []byte, like Info) error {
	dirfd, base, done, err := r.at(name)
	if err != nil {
		return pathError("create", name, err)
	}
	defer done()
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := retry(func() (int, error) { return unix.Openat(dirfd, base, flags, 0o600) })
	if err != nil {
		return pathError("create", name, err)
	}
	err = fill(fd, data, like)
	if closeErr := unix.Close(fd); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = unix.Unlinkat(dirfd, base, 0)
	}
	return pathError("write", name, err)
}

func fill(fd int, data []byte, like Info) error {
	for len(data) > 0 {
		n, err := retry(func() (int, error) { return unix.Write(fd, data) })
		if err != nil {
			return err
		}
		data = data[n:]
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	// Asked for only where it changes something: a container without CAP_CHOWN may still write its own files.
	if int(st.Uid) != like.UID || int(st.Gid) != like.GID {
		if err := unix.Fchown(fd, like.UID, like.GID); err != nil {
			return err
		}
	}
	return unix.Fchmod(fd, like.Perm())
}

// Rename moves from over to, both inside the root and on one file system.
func (r *Root) Rename(from, to string) error {
	fromDir, fromBase, fromDone, err := r.at(from)
	if err != nil {
		return pathError("rename", from, err)
	}
	defer fromDone()
	toDir, toBase, toDone, err := r.at(to)
	if err != nil {
		return pathError("rename", to, err)
	}
	defer toDone()
	return pathError("rename", to, unix.Renameat(fromDir, fromBase, toDir, toBase))
}

// Remove removes a file or link, never a directory.
func (r *Root) Remove(name string) error {
	dirfd, base, done, err := r.at(name)
	if err != nil {
		return pathError("remove", name, err)
	}
	defer done()
	return pathError("remove", name, unix.Unlinkat(dirfd, base, 0))
}

// CreateEmpty creates an empty file. It follows no link and touches nothing that is there already (fs.ErrExist).
func (r *Root) CreateEmpty(name string, perm uint32) error {
	dirfd, base, done, err := r.at(name)
	if err != nil {
		return pathError("create", name, err)
	}
	defer done()
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := retry(func() (int, error) { return unix.Openat(dirfd, base, flags, perm) })
	if err != nil {
		return pathError("create", name, err)
	}
	return pathError("create", name, unix.Close(fd))
}
