// Package links pins a decision: it repoints the applet symlinks that lead to the wrapper, and updates the alternatives database,
// if there is one. It replaces symlinks by rename(2). So an applet name leads to a working binary at any time, even if a process
// is killed or two processes race. This is either the wrapper, which decides again, or the selected binary.
package links

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// Pin repoints every applet name that leads to the wrapper to mode m's binary. It plans all changes first, and makes none if the
// plan fails. It does nothing if the wrapper's own path is not known, or while another process pins or installs.
//
// The called applet comes last, and only if all others succeeded. Until then its name leads to the wrapper, so that its next call
// completes a pin that was killed or met a full disk. An error is only printed for debugging, because the wrapper decides again.
func Pin(inst *xtables.Installation, m mode.Mode, called applet.Applet) error {
	if inst.Wrapper == "" || !inst.Has(m) {
		return nil
	}
	root, own := inst.Root, path.Dir(inst.Wrapper)
	last, end, _ := root.Follow(path.Join(own, called.String()), nil)
	if end == inst.Wrapper && !root.Writable(path.Dir(last)) {
		return &fs.PathError{Op: "write in", Path: path.Dir(last), Err: fs.ErrPermission} // the usual case, which is cheap to detect
	}
	plan, err := plan(inst, m, called, false)
	if err != nil || len(plan.Changes) == 0 {
		return err
	}
	unlock, err := root.Lock(own)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	_ = root.Sweep(own) // remove the remains of a killed install; the symlinks may be in other directories
	if !plan.Stale() {  // otherwise another process pinned or installed before this one had the lock
		err = plan.Apply(false)
	}
	return errors.Join(err, unlock())
}

// CanPin returns the reason that Pin would not pin to mode m, or nil if it would. It changes nothing.
func CanPin(inst *xtables.Installation, m mode.Mode) error {
	_, err := plan(inst, m, applet.IPTables, false)
	return err
}

// Set repoints every applet name that leads to the wrapper or to a binary of either mode to mode m's binary. The caller must have
// the lock. An error names the first name that does not execute mode m. Each name leads to a working binary.
func Set(inst *xtables.Installation, m mode.Mode) error {
	_ = inst.Root.Sweep(path.Dir(inst.Wrapper))
	plan, err := plan(inst, m, applet.IPTables, true)
	if err == nil {
		err = plan.Apply(false)
	}
	if err != nil {
		return err
	}
	for a, does := range Look(inst) {
		if does != missing && does != pinnedTo+m.String() {
			return errors.New(applet.Applet(a).String() + " does not lead to this installation")
		}
	}
	return nil
}

type pinner struct {
	*xtables.Installation
	*rootfs.Plan
	mode         mode.Mode
	alternatives string           // the directory of alternatives, without symlinks
	states       map[string]State // by title, those that were read
}

// plan plans the changes that repoint each name that leads to the wrapper to mode m. If pinned is true, it also repoints names
// that lead to a mode.
func plan(inst *xtables.Installation, m mode.Mode, called applet.Applet, pinned bool) (*rootfs.Plan, error) {
	p := &pinner{Installation: inst, Plan: inst.Root.Plan(), mode: m, states: map[string]State{}}
	var err error
	if p.alternatives, err = inst.Root.Resolve(AlternativesDir); err != nil && !rootfs.Missing(err) {
		return nil, err
	}
	dirs := inst.Dirs()
	for i := range applet.Count {
		a := (called + 1 + applet.Applet(i)) % applet.Count // called comes last
		for _, dir := range dirs {
			t, err := Follow(inst, a, path.Join(dir, a.String()))
			if rootfs.Missing(err) && t.conf.Path == "" || err == nil && (!t.Ours || t.last == "" || t.Mode != 0 && !pinned) {
				continue
			}
			if err == nil {
				err = p.repoint(t, a)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, c := range p.Changes {
		if dir := path.Dir(c.Path); !inst.Root.Writable(dir) {
			return nil, &fs.PathError{Op: "write in", Path: dir, Err: fs.ErrPermission}
		}
	}
	return p.Plan, nil
}

// repoint plans the changes after which t executes the binary of p.mode. If t executes it already, the plan can only record a manual
// choice in the database. A configuration of libalternatives contains the multi-call binary, because its program passes argv[0] on
// (KeepArgv0).
func (p *pinner) repoint(t Target, a applet.Applet) error {
	binary := p.Path(p.mode, a)
	if t.conf.Path != "" {
		if _, err := p.Root.Executable(binary); err != nil || t.Mode == p.mode {
			return err
		}
		return p.Write(t.conf, alternatives.ConfWithBinary(t.conf.Data, binary), "")
	}
	target, err := p.registered(t.last)
	if err == nil && target != "" {
		binary = target
	} else if err == nil {
		target, err = p.plainTarget(t, binary)
	}
	if err == nil {
		_, err = p.Root.Executable(binary)
	}
	if err != nil || t.Mode == p.mode {
		return err
	}
	return p.Add(rootfs.Change{Verb: "link", Path: t.last, Target: target})
}

// plainTarget returns the target of a symlink that is in no database. A relative target stays relative.
func (p *pinner) plainTarget(t Target, binary string) (string, error) {
	old, err := p.Root.Readlink(t.last)
	if err != nil {
		return "", err
	}
	binary, err = p.Root.Place(binary)
	if path.Dir(binary) == path.Dir(t.End) {
		// last is the symlink that leads to End directly, so its target and the binary are in the same directory.
		spelled, _ := path.Split(old)
		binary = spelled + path.Base(binary)
	}
	return binary, err
}

// registered returns the target of the symlink last in the mode. It returns "" if last is in no link group, as in an image without
// a package manager. It plans to record the manual choice in the group's state before any symlink of the group moves. So the
// symlinks of a group whose state cannot be written do not change.
func (p *pinner) registered(last string) (target string, err error) {
	dir, name := path.Split(last)
	if dir != p.alternatives+"/" {
		return "", nil
	}
	for _, title := range Titles() {
		s, known := p.states[title]
		if !known {
			if s, err = ReadState(p.Root, title); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			p.states[title] = s
		}
		if s.Group == nil || !s.Has(name) {
			continue
		}
		choice, _ := Choice(p.Installation, s.Group, p.mode)
		if target = s.Target(choice, name); target == "" {
			return "", errors.New(s.File.Path + ": no alternative for mode " + p.mode.String() + " in " + p.Binaries[p.mode].Dir)
		}
		if s.Manual {
			return target, nil
		}
		s.Manual = true
		return target, p.Write(s.File, s.Bytes(), s.Staging)
	}
	return "", nil
}
