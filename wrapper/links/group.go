package links

import (
	"errors"
	"io/fs"
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// group is a link group of the alternatives database, prepared for links to move.
type group struct {
	State
	choice alternatives.Alternative // the zero one until the database says that it is selected by hand
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
		if err := p.rewrite(g.File, g.Bytes(), g.Staging); err != nil {
			return err
		}
	}
	g.choice = choice
	return nil
}

// Choice returns the alternative of a group that stands for mode m: Debian and Fedora register iptables-nft (of which
// ip6tables-nft may be a follower), SLE 15 the multi-call binary.
func Choice(g *alternatives.Group, m mode.Mode) (alternatives.Alternative, bool) {
	for _, alternative := range g.Alternatives {
		switch path.Base(alternative.Path) {
		case g.Name + "-" + m.String(), xtables.Multi(m):
			return alternative, true
		}
	}
	return alternatives.Alternative{}, false
}
