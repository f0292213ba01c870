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

// AlternativesDir holds the links of every alternatives system except libalternatives: one for each command name.
const AlternativesDir = "/etc/alternatives"

// maxState bounds a state file in bytes; real ones have hundreds.
const maxState = 1 << 20

// State is a link group together with the file that it is recorded in.
type State struct {
	*alternatives.Group
	File    string // such as /var/lib/dpkg/alternatives/iptables
	Staging string // for unfinished files; any stray file in the database's own directory makes `alternatives --list` fail
}

// ReadState finds and reads the state of the group called name. The error is fs.ErrNotExist if there is no such group, and names
// the line if its file is damaged.
func ReadState(root *rootfs.Root, name string) (State, error) {
	s := State{File: "/var/lib/dpkg/alternatives/" + name, Staging: "/var/lib/dpkg"}
	format := alternatives.Dpkg
	data, err := root.ReadFile(s.File, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		s.File, s.Staging = "/var/lib/alternatives/"+name, "/var/lib"
		data, err = root.ReadFile(s.File, maxState)
		format = alternatives.Detect(data)
	}
	if err != nil {
		return State{}, err
	}
	s.Group, err = alternatives.Parse(format, name, s.File, data)
	return s, err
}

// The places of libalternatives. Of a command's configuration files the highest number wins (1 is legacy and 2 is nft), unless
// an override file selects another.
const (
	ConfDir    = "/usr/share/libalternatives" // a directory for each command name
	Conf       = "90.conf"                    // the wrapper's configuration file in it
	ConfNumber = 90                           // its number
	Alts       = "alts"                       // the program that the symlinks of all these commands lead to
)

// OverrideFiles returns libalternatives' override files, first that of the user, who for iptables is root, then the system's.
func OverrideFiles() [2]string {
	return [...]string{"/root/.config/libalternatives.conf", "/etc/libalternatives.conf"}
}

// Overridden returns the file that selects something else than the wrapper's configuration for an applet, empty if none does.
func Overridden(root *rootfs.Root, a applet.Applet) (file string, err error) {
	for _, file := range OverrideFiles() {
		data, err := root.ReadFile(file, maxState)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		switch alternatives.Override(data, a.String()) {
		case 0:
		case ConfNumber:
			return "", nil
		default:
			return file, nil
		}
	}
	return "", nil
}

// group is a link group of the alternatives database, with the alternative to select in it.
type group struct {
	State
	choice alternatives.Alternative
}

// registered returns where the symlink at last leads in the mode, "" if no link group has it, as in an image without its
// package manager. It plans to record the manual choice in the group's state before any of its symlinks moves: a group whose
// state cannot be written keeps them.
func (p *pinner) registered(last string, a applet.Applet) (target string, err error) {
	if path.Dir(last) != p.alternatives {
		return "", nil
	}
	name := path.Base(last)
	for _, g := range p.groups {
		if g.Has(name) {
			return p.target(g, name)
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
		g := group{s, choice}
		if target, err = p.target(g, name); err == nil && !s.Manual {
			s.Manual = true
			err = p.add(a, rootfs.Change{Path: s.File, Data: s.Bytes(), Staging: s.Staging})
		}
		p.groups = append(p.groups, g)
		return target, err
	}
	return "", nil
}

func (p *pinner) target(g group, name string) (string, error) {
	if target := g.Target(g.choice, name); target != "" {
		return target, nil
	}
	return "", errors.New(g.File + ": no alternative for mode " + p.mode.String() + " in " + p.inst[p.mode].Dir)
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
