package rootfs

import (
	"bytes"
	"slices"

	"golang.org/x/sys/unix"
)

// Plan is a list of changes that are to be made, with at most one for each path. Apply can make them as a transaction: afterwards
// all are committed, or all are undone. Each change first creates a hard link to the old object. Undoing it is one rename(2) of the
// same inode, which restores everything even if the file system is full.
type Plan struct {
	Changes []Change
	root    *Root
	steps   []step
}

// step is one change that was begun or made.
type step struct {
	at  place
	old place // the second name of the old object; zero if there was none
	was Info  // the old object
}

// String returns the line that --dry-run prints.
func (c Change) String() string {
	line := c.Verb + " " + c.Path
	if c.Target != "" {
		line += " -> " + c.Target
	}
	return line
}

// Plan returns a plan without changes.
func (r *Root) Plan() *Plan { return &Plan{root: r} }

// Add plans a change, unless the plan already has one for the same path. If the path is a directory, the error is EISDIR.
func (p *Plan) Add(c Change) (err error) {
	if p.Planned(c.Path) {
		return nil
	}
	if c.was, err = p.root.Lstat(c.Path); err != nil && !Missing(err) {
		return err
	}
	if c.was.IsDir() {
		return pathError("replace", c.Path, unix.EISDIR)
	}
	p.Changes = append(p.Changes, c)
	return nil
}

// Write plans new data for a file that keeps its owner, permissions and extended attributes. See Change for staging.
func (p *Plan) Write(old File, data []byte, staging string) error {
	if old.attrsErr != nil || bytes.Equal(old.Data, data) {
		return pathError("read attributes of", old.Path, old.attrsErr)
	}
	return p.Add(Change{Verb: "write", Path: old.Path, Data: data, Like: old.Info, Attrs: old.Attrs, Staging: staging})
}

// Planned reports whether the plan has a change for a path.
func (p *Plan) Planned(name string) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Path == name })
}

// Stale reports whether another process has changed one of the paths after its change was planned.
func (p *Plan) Stale() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool {
		now, err := p.root.Lstat(c.Path)
		return err != nil || now.Ino != c.was.Ino || now.Ctim != c.was.Ctim
	})
}

// Apply makes the changes up to the first error. The caller must have the lock. If undoable is true, the caller must call Undo
// after an error, and Commit otherwise. Apply does not call fsync, which would cost more than everything else in a call: a killed
// process leaves only whole files without it.
func (p *Plan) Apply(undoable bool) error {
	for _, c := range p.Changes {
		made, at, err := p.root.make(c)
		if err == nil && undoable {
			err = p.keep(at, made.directory)
		}
		if err = made.move(at, c, err); err != nil {
			return err
		}
	}
	return nil
}

// keep creates a second name for the object at a place.
func (p *Plan) keep(at place, staging *directory) error {
	old := staging.old(staging.kept)
	now, err := at.lstat()
	switch {
	case err == unix.ENOENT:
		p.steps = append(p.steps, step{at: at})
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
		now, _ = at.lstat() // again: on an overlay file system, the link may have changed its inode
		p.steps = append(p.steps, step{at, old, now})
	}
	return err
}

// Undo undoes the changes as far as possible, the last one first. The error names the first change that it could not undo.
func (p *Plan) Undo() (failed error) {
	for _, s := range slices.Backward(p.steps) {
		if err := s.undo(); failed == nil {
			failed = err
		}
	}
	return failed
}

func (s step) undo() error {
	if s.old.directory == nil {
		return s.at.discard()
	}
	// A change that was only begun left two names of one inode. rename(2) would remove neither of them, and on an overlay file
	// system it fails (ESTALE).
	if now, err := s.at.lstat(); err == nil && now.Same(s.was) {
		return s.old.discard()
	}
	return pathError("restore", s.at.String(), rename(s.old, s.at))
}

// Commit removes the old objects. An error names one that the next transaction must sweep.
func (p *Plan) Commit() error {
	for _, s := range slices.Backward(p.steps) {
		if s.old.directory == nil {
			continue
		}
		if err := s.old.discard(); err != nil {
			return err // a sweep does not find this one if a lower number is missing
		}
	}
	return nil
}
