package rootfs

import "golang.org/x/sys/unix"

// Tx is a transaction: all changes are committed, or all are undone. Each change first makes a hard link to the old object, so
// that Undo is one rename(2) of the same inode. It restores everything, even if the file system is full.
type Tx struct {
	root  *Root
	steps []step
}

// step is one change that was at least begun.
type step struct {
	at  place
	old place // the second name of what was there; zero: there was nothing
	was Info  // what was there
}

// Begin starts a transaction. The caller holds the lock.
func (r *Root) Begin() *Tx { return &Tx{root: r} }

// Replace makes one change of the series. After an error the series can only be taken back.
func (t *Tx) Replace(c Change) error { return t.root.replace(c, unfinished, t.keep, nil) }

// keep gives what is at a place a second name.
func (t *Tx) keep(at place, staging *folder) error {
	old := staging.old(staging.kept)
	now, err := at.lstat()
	switch {
	case err == unix.ENOENT:
		t.steps = append(t.steps, step{at: at})
		return nil
	case err != nil:
		return err
	case now.IsDir():
		return unix.EISDIR
	}
	toDir, to := old.at()
	err = at.do(func(dirfd int, name string) error { return unix.Linkat(dirfd, name, toDir, to, 0) })
	if err == nil {
		staging.kept++
		now, _ = at.lstat() // again: on an overlay file system it may be another file since it was linked
		t.steps = append(t.steps, step{at, old, now})
	}
	return err
}

// Undo takes every change back, the last one first, and returns what could not be taken back.
func (t *Tx) Undo() (failed []error) {
	for i := len(t.steps) - 1; i >= 0; i-- {
		if err := t.steps[i].undo(); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

func (s step) undo() error {
	if s.old.folder == nil {
		return s.at.discard()
	}
	// A change that was only begun has left two names of one inode, of which rename(2) removes neither; on an overlay file
	// system it fails (ESTALE).
	if now, err := s.at.lstat(); err == nil && now.Same(s.was) {
		return s.old.discard()
	}
	return pathError("restore", s.at.String(), rename(s.old, s.at))
}

// Commit removes what was replaced. An error names what the next transaction has to sweep; all changes are made.
func (t *Tx) Commit() error {
	for i := len(t.steps) - 1; i >= 0; i-- {
		if s := t.steps[i]; s.old.folder != nil {
			if err := s.old.discard(); err != nil {
				return err // without the lower numbers, nobody would look for this one
			}
		}
	}
	return nil
}
