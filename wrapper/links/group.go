package links

import (
	"errors"
	"io/fs"
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// group is a link group of the alternatives database, with the alternative to select in it.
type group struct {
	State
	choice alternatives.Alternative
}

// registered returns where the symlink called name leads in the mode, "" if no link group has it. It plans to record the manual
// choice in the group's state before any of its symlinks moves: a group whose state cannot be written keeps them.
func (p *pinner) registered(name string, a applet.Applet) (target string, err error) {
	for _, g := range p.groups {
		if g.Has(name) {
			return g.Target(g.choice, name), nil
		}
	}
	for _, title := range Titles() {
		s, err := ReadState(p.root, title)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !s.Has(name) {
			continue
		}
		if err != nil {
			return "", err
		}
		choice, _ := Choice(p.root, s.Group, p.inst, p.mode)
		if target = s.Target(choice, name); target == "" {
			return "", errors.New(s.File + ": no alternative for mode " + p.mode.String() + " in " + p.inst[p.mode].Dir)
		}
		p.groups = append(p.groups, group{s, choice})
		if !s.Manual {
			s.Manual = true
			err = p.add(a, rootfs.Change{Path: s.File, Data: s.Bytes(), Staging: s.Staging})
		}
		return target, err
	}
	return "", nil
}

// Titles returns the names of the groups that may have applets: Debian and Azure Linux have two groups, Fedora and SLE have
// ip6tables as a follower in the group of iptables.
func Titles() [2]string { return [...]string{applet.IPTables.String(), applet.IP6Tables.String()} }

// Choice returns the alternative of a group that stands for mode m of an installation: Debian and Fedora register iptables-nft
// (of which ip6tables-nft may be a follower), SLE 15 the multi-call binary. An alternative of that name in another directory,
// such as /usr/local/sbin, is another iptables.
func Choice(root *rootfs.Root, g *alternatives.Group, inst xtables.Installation, m mode.Mode) (alternatives.Alternative, bool) {
	dir, err := root.Resolve(inst[m].Dir)
	for _, alternative := range g.Alternatives {
		switch path.Base(alternative.Path) {
		case g.Name + "-" + m.String(), xtables.Multi(m):
			place, placeErr := root.Place(alternative.Path)
			if inst.Has(m) && err == nil && placeErr == nil && path.Dir(place) == dir {
				return alternative, true
			}
		}
	}
	return alternatives.Alternative{}, false
}
