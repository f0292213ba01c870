// Package links makes a decision last: it repoints the applet links that lead to the wrapper, so that the wrapper is not
// called again, and keeps the alternatives database, where there is one, saying what is true.
//
// Each link and file is replaced by rename(2) of a finished one. Whatever is killed or races, an applet name always leads to
// a program that runs: the wrapper, which decides again, or the binary decided on.
package links

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// ConfDir holds libalternatives' configuration, a directory for each command name.
const ConfDir = "/usr/share/libalternatives"

// Conf is the name of the wrapper's configuration file there; the highest number wins (1 is legacy and 2 is nft).
const Conf = "90.conf"

// Pin repoints every applet name that leads to the wrapper to mode m's binary. self is the wrapper's own path inside root,
// free of links; with "" there is nothing to recognise it by, and nothing is done.
//
// An error says what could not be changed (a read-only file system, somebody else's files): the names concerned still lead
// to the wrapper, everything else is done. It is for a debug message, never a reason to stop.
func Pin(root *rootfs.Root, self string, inst xtables.Installation, m mode.Mode) error {
	if self == "" || !inst.Has(m) {
		return nil
	}
	p := &pinner{root: root, self: self, inst: inst, mode: m}
	for _, dir := range Dirs(root, self) {
		for _, a := range applet.All() {
			p.pin(rootfs.Join(dir, a.String()), a)
		}
	}
	return errors.Join(p.failed...)
}

// Dirs returns the directories in which applet names are looked for, free of links and each once: where the wrapper is, and
// the standard ones.
func Dirs(root *rootfs.Root, self string) []string {
	own, _ := rootfs.Split(self)
	dirs := []string{own}
	for _, dir := range xtables.Dirs() {
		resolved, err := root.Resolve(dir)
		known := err != nil
		for _, d := range dirs {
			known = known || d == resolved
		}
		if !known {
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
	groups []*group // those met so far
	failed []error
}

// group is a link group of the alternatives database, prepared for links to move.
type group struct {
	State
	choice alternatives.Alternative
	usable bool // the database says that choice is selected by hand
}

func (p *pinner) pin(name string, a applet.Applet) {
	last, end, err := p.root.Follow(name)
	switch {
	case err != nil || last == "":
		return
	case end == p.self:
		p.report(p.repoint(last, a))
	case applet.Base(end) == "alts":
		p.report(p.conf(a))
	}
}

func (p *pinner) report(err error) {
	if err != nil {
		p.failed = append(p.failed, err)
	}
}

// repoint moves the link at last, which leads to the wrapper.
func (p *pinner) repoint(last string, a applet.Applet) error {
	old, err := p.root.Readlink(last)
	if err != nil {
		return err
	}
	target, err := p.plainTarget(old, a)
	if err != nil {
		return err
	}
	dir, name := rootfs.Split(last)
	if dir == AlternativesDir {
		g, err := p.group(name, a)
		switch {
		case err != nil:
			return err
		case g == nil:
			// No database, as in an image without its package manager: a link like any other.
		case !g.usable:
			return nil // said once, by the call that found out
		default:
			target = g.Target(g.choice, name)
		}
	}
	// Everybody who pins this applet to this mode writes the same link, so they may share its temporary name.
	temp := rootfs.Join(dir, ".iptables-wrapper."+a.String()+"."+p.mode.String())
	return p.root.ReplaceLink(last, target, temp)
}

// plainTarget is where a link that is not in the database shall lead, written as the old target was: relative stays relative.
func (p *pinner) plainTarget(old string, a applet.Applet) (string, error) {
	binary, err := p.root.Place(p.inst.Path(p.mode, a))
	if err != nil {
		return "", err
	}
	ownDir, _ := rootfs.Split(p.self)
	if dir, base := rootfs.Split(binary); dir == ownDir {
		// The old target is a way to the wrapper, so its directory is the binary's too; unless a link of another name
		// is between (link -> other-name -> wrapper), but then last is that one.
		return old[:strings.LastIndexByte(old, '/')+1] + base, nil
	}
	return binary, nil
}

// group finds the link group that has the link called name, and makes its state say that mode's alternative is selected by
// hand. It does so before any link moves: a group whose state cannot be written keeps its links. nil: there is none.
func (p *pinner) group(name string, a applet.Applet) (*group, error) {
	for _, g := range p.groups {
		if g.Has(name) {
			return g, nil
		}
	}
	titles := []string{applet.IPTables.String()}
	if a >= applet.IP6Tables {
		// Debian's and Azure Linux's group of its own, else Fedora's and SLE's followers of iptables.
		titles = []string{applet.IP6Tables.String(), applet.IPTables.String()}
	}
	for _, title := range titles {
		s, err := ReadState(p.root, title)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !s.Has(name) {
			continue
		}
		g := &group{State: s}
		p.groups = append(p.groups, g)
		return g, p.selectByHand(g)
	}
	return nil, nil
}

func (p *pinner) selectByHand(g *group) error {
	choice, found := Choice(g.Group, p.mode)
	if !found {
		return &fs.PathError{Op: "select " + p.mode.String() + " in", Path: g.File, Err: fs.ErrNotExist}
	}
	g.choice = choice
	for _, a := range applet.All() {
		// Never record, nor lead a name to, what is not there.
		if !g.Has(a.String()) {
			continue
		}
		if _, err := p.root.Stat(g.Target(choice, a.String())); err != nil {
			return err
		}
	}
	if !g.Manual {
		g.Manual = true
		if err := p.root.ReplaceFile(g.File, g.Bytes(), unique(g.Staging, g.Name)); err != nil {
			return err
		}
	}
	g.usable = true
	return nil
}

// Choice returns the alternative of a group that stands for mode m: Debian and Fedora register iptables-nft (of which
// ip6tables-nft may be a follower), SLE 15 the multi-call binary.
func Choice(g *alternatives.Group, m mode.Mode) (alternatives.Alternative, bool) {
	for _, alternative := range g.Alternatives {
		switch applet.Base(alternative.Path) {
		case g.Name + "-" + m.String(), "xtables-" + m.String() + "-multi":
			return alternative, true
		}
	}
	return alternatives.Alternative{}, false
}

// conf repoints what libalternatives runs for an applet, if that is the wrapper. alts passes on argv[0] (KeepArgv0).
func (p *pinner) conf(a applet.Applet) error {
	dir := ConfDir + "/" + a.String()
	file := dir + "/" + Conf
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
	binary := p.inst.Path(p.mode, a)
	return p.root.ReplaceFile(file, alternatives.ConfWithBinary(data, binary), unique(dir, a.String()))
}

// unique names a temporary file that no other process uses now, nor one that was killed before. Process ids repeat from
// container to container, so the time is in it.
func unique(dir, name string) string {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_REALTIME, &now)
	return rootfs.Join(dir, ".iptables-wrapper."+name+"."+strconv.Itoa(unix.Getpid())+"."+strconv.FormatInt(now.Nano(), 36))
}
