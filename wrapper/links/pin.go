// Package links pins a decision: it repoints the applet symlinks that lead to the wrapper, and makes the alternatives database,
// if there is one, agree. It replaces by rename(2): whatever is killed or races, an applet name always leads to a program that
// runs, either the wrapper, which decides again, or the binary decided on.
package links

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// Pin repoints every applet name that leads to the wrapper to mode m's binary: all of them or, if one cannot be, none. self is
// the wrapper's own path inside root, free of symlinks, or "" if it is not known. Pin does nothing then, nor while another process
// pins or installs.
//
// The called applet comes last, and only if all others went well. Until then its name leads to the wrapper, so that its next
// call completes a pin that was killed or met a full disk. An error is for a debug message: the wrapper decides again.
func Pin(root *rootfs.Root, self string, inst xtables.Installation, m mode.Mode, called applet.Applet) error {
	if self == "" || !inst.Has(m) {
		return nil
	}
	last, end, _ := root.Follow(path.Join(path.Dir(self), called.String()))
	if end == self {
		if err := writable(root, path.Dir(last)); err != nil { // the usual case, and cheap
			return err
		}
	}
	steps, err := plan(root, self, inst, m, called, false)
	if err != nil || len(steps) == 0 {
		return err
	}
	unlock, err := root.Lock(path.Dir(self))
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	_ = root.Sweep(path.Dir(self)) // of what a killed install left; the symlinks may be elsewhere
	for _, s := range steps {
		if now, err := root.Lstat(s.Path); err != nil || now.Ino != s.was.Ino || now.Ctim != s.was.Ctim {
			return unlock() // before this process had the lock, another one has pinned or installed
		}
	}
	final := len(steps) - 1
	for _, s := range steps[:final] {
		if err := root.Replace(s.Change); err != nil {
			return errors.Join(err, unlock())
		}
	}
	return root.ReplaceLast(steps[final].Change, steps[final].applet, unlock)
}

// CanPin returns why Pin would not pin to mode m, nil if it would. It changes nothing.
func CanPin(root *rootfs.Root, self string, inst xtables.Installation, m mode.Mode) error {
	_, err := plan(root, self, inst, m, applet.IPTables, false)
	return err
}

// Set repoints every applet name that leads to the wrapper or to a binary of either mode to mode m's binary. The caller holds
// the lock. An error names the first name that does not execute mode m; each name leads to a program that runs.
func Set(root *rootfs.Root, self string, inst xtables.Installation, m mode.Mode) error {
	_ = root.Sweep(path.Dir(self))
	steps, err := plan(root, self, inst, m, applet.IPTables, true)
	for _, s := range steps {
		if err == nil {
			err = root.Replace(s.Change)
		}
	}
	for a, does := range Look(root, self, inst) {
		if err == nil && does != missing && does != pinnedTo+m.String() {
			err = errors.New(applet.Applet(a).String() + " does not lead to this installation")
		}
	}
	return err
}

func writable(root *rootfs.Root, dir string) error {
	if root.Writable(dir) {
		return nil
	}
	return &fs.PathError{Op: "write in", Path: dir, Err: fs.ErrPermission}
}

// Dirs returns the directories in which applet names are looked for, the wrapper's own first, free of symlinks and each once.
func Dirs(root *rootfs.Root, self string) []string {
	dirs := []string{path.Dir(self)}
	for _, dir := range applet.Dirs() {
		if resolved, err := root.Resolve(dir); err == nil && !slices.Contains(dirs, resolved) {
			dirs = append(dirs, resolved)
		}
	}
	return dirs
}

// step is one change of a pin, for the sake of one applet.
type step struct {
	rootfs.Change
	applet applet.Applet
	was    rootfs.Info // what is replaced
}

type pinner struct {
	root         *rootfs.Root
	inst         xtables.Installation
	mode         mode.Mode
	alternatives string  // the directory of alternatives, free of symlinks
	groups       []group // those met so far
	steps        []step
}

// plan returns the changes, in their order, that repoint to mode m each name that leads to the wrapper or, with pinned, to a mode.
func plan(root *rootfs.Root, self string, inst xtables.Installation, m mode.Mode, called applet.Applet, pinned bool) ([]step, error) {
	p := &pinner{root: root, inst: inst, mode: m}
	var err error
	if p.alternatives, err = root.Resolve(AlternativesDir); err != nil && !rootfs.Missing(err) {
		return nil, err
	}
	dirs := Dirs(root, self)
	for i := range applet.Count {
		a := (called + 1 + applet.Applet(i)) % applet.Count // called comes last
		to := ends{self: 0}
		if pinned {
			to = endsOf(root, self, inst, a)
		}
		for _, dir := range dirs {
			last, end, err := root.FollowTo(path.Join(dir, a.String()), to.has)
			leads, known := to[end]
			switch {
			case rootfs.Missing(err), err == nil && last == "":
				continue
			case err != nil:
			case known:
				err = p.repoint(last, end, a, leads == m)
			case path.Base(end) == Alts:
				err = p.conf(a, to)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return p.steps, nil
}

// add plans a change, unless a name that leads there by another way has done so. A file keeps its owner, permissions and
// extended attributes.
func (p *pinner) add(a applet.Applet, c rootfs.Change) error {
	if slices.ContainsFunc(p.steps, func(s step) bool { return s.Path == c.Path }) {
		return nil
	}
	was, err := p.root.Lstat(c.Path)
	if err == nil && c.Target == "" {
		c.Like = was
		c.Attrs, err = p.root.Attrs(c.Path)
	}
	if err != nil {
		return err
	}
	p.steps = append(p.steps, step{c, a, was})
	return writable(p.root, path.Dir(c.Path))
}

// repoint plans a change of the symlink at last, whose target is the file end. If that is right, only the database may change.
func (p *pinner) repoint(last, end string, a applet.Applet, right bool) error {
	target, err := p.registered(last, a)
	binary := target
	if err == nil && target == "" {
		binary = p.inst.Path(p.mode, a)
		target, err = p.plainTarget(last, end, binary)
	}
	if err == nil {
		_, err = p.root.Executable(binary)
	}
	if err != nil || right {
		return err
	}
	return p.add(a, rootfs.Change{Path: last, Target: target})
}

// plainTarget returns the target of a symlink that is in no database, spelled like the old one: relative stays relative.
func (p *pinner) plainTarget(last, end, binary string) (string, error) {
	old, err := p.root.Readlink(last)
	if err != nil {
		return "", err
	}
	binary, err = p.root.Place(binary)
	if path.Dir(binary) == path.Dir(end) {
		// last is the symlink that leads to end directly, so the directory of its target is the binary's too.
		spelled, _ := path.Split(old)
		binary = spelled + path.Base(binary)
	}
	return binary, err
}

// conf repoints what libalternatives executes for an applet, if that is one of the ends: an administrator may have selected
// another file. alts passes on argv[0] (KeepArgv0).
func (p *pinner) conf(a applet.Applet, to ends) error {
	file, data, end, err := confEnd(p.root, a, to)
	if m, known := to[end]; err != nil || !known || m == p.mode {
		return err
	}
	binary := p.inst.Path(p.mode, a)
	if _, err := p.root.Executable(binary); err != nil {
		return err
	}
	return p.add(a, rootfs.Change{Path: file, Data: alternatives.ConfWithBinary(data, binary)})
}
