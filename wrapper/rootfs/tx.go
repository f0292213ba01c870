package rootfs

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Marks of the names that a transaction uses beside (or, for state files, above) what it changes. They are the same in every
// run, so that a run after a killed one finds and removes what that one left.
const (
	tempPrefix   = ".iptables-wrapper-new."
	backupPrefix = ".iptables-wrapper-old."
)

// Tx is a series of changes that stays as a whole (Commit) or is taken back as a whole (Undo).
//
// Each change keeps a hard link to what was there under a backup name, so that taking it back is one rename(2) of the very
// same inode: content, target, owner, mode and extended attributes return, even on a file system that has filled up.
// A name can be changed once only.
type Tx struct {
	root *Root
	done []step
}

// step is one change made: what to do to take it back.
type step struct {
	name   string
	backup string // the old object; empty: there was none
}

// Begin starts a transaction.
func (r *Root) Begin() *Tx { return &Tx{root: r} }

// Link makes name a symbolic link to target, replacing a link or a file.
func (t *Tx) Link(name, target string) error {
	dir, _ := Split(name)
	temp, err := t.prepare(name, dir)
	if err != nil {
		return err
	}
	dirfd, base, done, err := t.root.at(temp)
	if err != nil {
		return t.drop(pathError("link", temp, err))
	}
	err = unix.Symlinkat(target, dirfd, base)
	done()
	if err != nil {
		return t.drop(pathError("link", name, err))
	}
	return t.place(temp, name)
}

// File makes name a regular file with this content, permissions and owner, replacing a link or a file. staging is the
// directory for the unfinished file and the backup, on the same file system; empty means the directory of name itself.
func (t *Tx) File(name string, data []byte, like Info, staging string) error {
	if staging == "" {
		staging, _ = Split(name)
	}
	temp, err := t.prepare(name, staging)
	if err != nil {
		return err
	}
	if err := t.root.create(temp, data, like); err != nil {
		return t.drop(err)
	}
	return t.place(temp, name)
}

// prepare keeps what is at name under a backup name in staging and returns the name for the new object there.
func (t *Tx) prepare(name, staging string) (temp string, err error) {
	for _, s := range t.done {
		if s.name == name {
			return "", pathError("change a second time", name, unix.EEXIST)
		}
	}
	_, base := Split(name)
	temp, backup := Join(staging, tempPrefix+base), Join(staging, backupPrefix+base)
	for _, leftover := range []string{temp, backup} {
		if err := t.root.Remove(leftover); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	old, err := t.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		backup = ""
	case err != nil:
		return "", err
	case old.IsDir():
		return "", pathError("replace", name, unix.EISDIR)
	default:
		if err := t.root.hardlink(name, backup); err != nil {
			return "", err
		}
	}
	t.done = append(t.done, step{name: name, backup: backup})
	return temp, nil
}

// place moves the finished object to its name.
func (t *Tx) place(temp, name string) error {
	if err := t.root.Rename(temp, name); err != nil {
		_ = t.root.Remove(temp)
		return t.drop(err)
	}
	return nil
}

// drop forgets the step that prepare recorded but that then did not happen, and returns why.
func (t *Tx) drop(why error) error {
	last := t.done[len(t.done)-1]
	t.done = t.done[:len(t.done)-1]
	if last.backup != "" {
		_ = t.root.Remove(last.backup)
	}
	return why
}

// Undo takes every change back, the last one first, and returns what could not be taken back.
func (t *Tx) Undo() error {
	var failed []error
	for i := len(t.done) - 1; i >= 0; i-- {
		s := t.done[i]
		if s.backup != "" {
			failed = append(failed, t.root.Rename(s.backup, s.name))
		} else {
			failed = append(failed, t.root.Remove(s.name))
		}
	}
	t.done = nil
	return errors.Join(failed...)
}

// Commit removes the backups. An error leaves at most a backup file behind, all changes stand.
func (t *Tx) Commit() error {
	var failed []error
	for _, s := range t.done {
		if s.backup != "" {
			failed = append(failed, t.root.Remove(s.backup))
		}
	}
	t.done = nil
	return errors.Join(failed...)
}

// hardlink gives the object at name, a link itself and not its target, a second name.
func (r *Root) hardlink(name, second string) error {
	fromDir, fromBase, fromDone, err := r.at(name)
	if err != nil {
		return pathError("link", name, err)
	}
	defer fromDone()
	toDir, toBase, toDone, err := r.at(second)
	if err != nil {
		return pathError("link", second, err)
	}
	defer toDone()
	return pathError("link", second, unix.Linkat(fromDir, fromBase, toDir, toBase, 0))
}
