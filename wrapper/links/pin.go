// Package links makes a decision last: it repoints the applet links that lead to the wrapper, so that the wrapper is not
// called again, and keeps the alternatives database, where there is one, saying what is true.
//
// Each link and file is replaced by rename(2) of a finished one. Whatever is killed or races, an applet name always leads to
// a program that runs: the wrapper, which decides again, or the binary decided on.
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

// Pin repoints every applet name that leads to the wrapper to mode m's binary. self is the wrapper's own path inside root,
// free of links; with "" there is nothing to recognise it by, and nothing is done. Nor is it while another process pins or
// installs: that one does all there is to do.
//
// The called applet comes last, and only if all others went well: until then its name leads to the wrapper, so that its
// next call finishes what this one could not, because it was killed or a disk was full.
//
// An error says what could not be changed (a read-only file system, somebody else's files): the names concerned still lead
// to the wrapper. It is for a debug message, never a reason to stop.
func Pin(root *rootfs.Root, self string, inst xtables.Installation, m mode.Mode, called applet.Applet) error {
	if self == "" || !inst.Has(m) {
		return nil
	}
	last, end, _ := root.Follow(path.Join(path.Dir(self), called.String()))
	if end == self && !root.Writable(path.Dir(last)) {
		return &fs.PathError{Op: "write in", Path: path.Dir(last), Err: fs.ErrPermission} // the usual case, and cheap
	}
	unlock, err := root.Lock(path.Dir(self))
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	p := &pinner{root: root, self: self, inst: inst, mode: m, dirs: Dirs(root, self)}
	_ = root.Sweep(path.Dir(self)) // of what a killed install left; the links may be elsewhere
	for _, a := range applet.All() {
		if a != called {
			p.pin(a)
		}
	}
	if len(p.failed) == 0 {
		p.pin(called)
	}
	return errors.Join(p.failed...)
}

// Writable reports whether Pin could repoint a symlink of the called applet. It is cheap, and it changes nothing.
func Writable(root *rootfs.Root, self string, called applet.Applet) bool {
	return slices.ContainsFunc(Dirs(root, self), func(dir string) bool {
		last, end, err := root.Follow(path.Join(dir, called.String()))
		return err == nil && last != "" && end == self && root.Writable(path.Dir(last))
	})
}

// Dirs returns the directories in which applet names are looked for, free of links and each once: where the wrapper is, and
// the standard ones.
func Dirs(root *rootfs.Root, self string) []string {
	dirs := []string{path.Dir(self)}
	for _, dir := range applet.Dirs() {
		if resolved, err := root.Resolve(dir); err == nil && !slices.Contains(dirs, resolved) {
			dirs = append(dirs, resolved)
		}
	}
	return dirs
}

type pinner struct {
	root   *rootfs.Root
	self   string
	inst   xtables.Installation
	mode   mode.Mode
	dirs   []string
	groups []*group // those met so far
	failed []error
}

func (p *pinner) pin(a applet.Applet) {
	for _, dir := range p.dirs {
		last, end, err := p.root.Follow(path.Join(dir, a.String()))
		switch {
		case err != nil && !rootfs.Missing(err):
			p.report(err)
		case err != nil || last == "":
		case end == p.self:
			p.report(p.repoint(last, a))
		case path.Base(end) == Alts:
			p.report(p.conf(a))
		}
	}
}

func (p *pinner) report(err error) {
	if err != nil {
		p.failed = append(p.failed, err)
	}
}

// repoint moves the link at last, which leads to the wrapper.
func (p *pinner) repoint(last string, a applet.Applet) error {
	dir, name := path.Dir(last), path.Base(last)
	if err := p.root.Sweep(dir); err != nil {
		return err
	}
	if dir == AlternativesDir {
		g, err := p.group(name, a)
		switch {
		case err != nil:
			return err
		case g == nil:
			// No database, as in an image without its package manager: a link like any other.
		case g.choice.Path == "":
			return nil // said once, by the call that found out
		default:
			return p.root.Replace(rootfs.Change{Path: last, Target: g.Target(g.choice, name)})
		}
	}
	target, err := p.plainTarget(last, a)
	if err != nil {
		return err
	}
	return p.root.Replace(rootfs.Change{Path: last, Target: target})
}

// plainTarget is where a link that is not in the database shall lead, written as the old target was: relative stays relative.
func (p *pinner) plainTarget(last string, a applet.Applet) (string, error) {
	old, err := p.root.Readlink(last)
	if err != nil {
		return "", err
	}
	binary, err := p.root.Place(p.inst.Path(p.mode, a))
	if err != nil {
		return "", err
	}
	if path.Dir(binary) == path.Dir(p.self) {
		// The old target is a way to the wrapper, so its directory is the binary's too; unless a link of another name
		// is between (link -> other-name -> wrapper), but then last is that one.
		spelled, _ := path.Split(old)
		return spelled + path.Base(binary), nil
	}
	return binary, nil
}

// conf repoints what libalternatives runs for an applet, if that is the wrapper. alts passes on argv[0] (KeepArgv0). Where an
// administrator has selected something else, the wrapper waits for the day when that is taken back.
func (p *pinner) conf(a applet.Applet) error {
	dir := path.Join(ConfDir, a.String())
	file := path.Join(dir, Conf)
	data, err := p.root.ReadFile(file, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if now, err := p.root.Resolve(alternatives.ConfBinary(data)); err != nil || now != p.self {
		return err
	}
	if by, err := Overridden(p.root, a); err != nil || by != "" {
		return err
	}
	return p.rewrite(file, alternatives.ConfWithBinary(data, p.inst.Path(p.mode, a)), dir)
}

// rewrite replaces a file and keeps its owner and permissions.
func (p *pinner) rewrite(file string, data []byte, staging string) error {
	old, err := p.root.Lstat(file)
	if err != nil {
		return err
	}
	if !old.IsRegular() {
		return &fs.PathError{Op: "write", Path: file, Err: unix.EINVAL}
	}
	return p.root.Replace(rootfs.Change{Path: file, Data: data, Like: old, Staging: staging})
}
