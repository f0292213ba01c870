package installer

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// Layout is who owns the six names in a root. It is read off the root itself: neither os-release nor a program that is
// installed tells (Debian's update-alternatives is in /usr/bin only, Photon's program is Fedora's with Debian's groups).
type Layout string

// The layouts.
const (
	Plain           Layout = "plain links"         // that belong to packages: Alpine, Wolfi, Arch, distroless
	Dpkg            Layout = "update-alternatives" // Debian, Ubuntu, SLE 15
	Chkconfig       Layout = "alternatives"        // Fedora, EL 9, Azure Linux, Photon
	Libalternatives Layout = "libalternatives"     // openSUSE Tumbleweed, Leap 16
)

// names plans the way from the six names to the wrapper.
func (p *plan) names() (layout Layout, err error) {
	_, end, err := p.root.Follow(path.Join(path.Dir(p.wrapper), applet.IPTables.String()))
	if err != nil && !rootfs.Missing(err) {
		return "", err
	}
	state, err := links.ReadState(p.root, applet.IPTables.String())
	switch {
	case errors.Is(err, fs.ErrNotExist) && path.Base(end) == links.Alts:
		layout, err = Libalternatives, p.confs()
	case errors.Is(err, fs.ErrNotExist):
		layout, err = Plain, nil
	case err != nil:
		err = errors.New(err.Error() + ": repair it (reinstall iptables), then install again")
	case state.Format == alternatives.Chkconfig:
		layout, err = Chkconfig, p.groups(state)
	default:
		layout, err = Dpkg, p.groups(state)
	}
	if err == nil {
		p.rest(layout)
	}
	return layout, err
}

// groups registers the wrapper in the group of iptables and, where ip6tables is no follower of it, in that of ip6tables.
func (p *plan) groups(state links.State) error {
	all := applet.All()
	if state.Has(applet.IP6Tables.String()) {
		return p.group(state, all[:])
	}
	other, err := links.ReadState(p.root, applet.IP6Tables.String())
	if err != nil {
		return errors.New(err.Error() + ": the group of iptables does not have ip6tables, so it needs one: reinstall iptables")
	}
	if err := p.group(state, all[:applet.IP6Tables]); err != nil {
		return err
	}
	return p.group(other, all[applet.IP6Tables:])
}

func (p *plan) group(state links.State, names []applet.Applet) error {
	g := state.Group
	wrapper := p.registered(g)
	if g.Format == alternatives.Dpkg {
		// dpkg's program forgets what is gone, whenever it reads a group.
		for _, a := range slices.Clone(g.Alternatives) {
			if _, err := p.root.Stat(a.Path); rootfs.Missing(err) && a.Path != wrapper {
				g.Unregister(a.Path)
			}
		}
	}
	r := alternatives.Registration{Link: g.Link, Path: wrapper, Priority: Priority}
	for _, a := range names {
		if a.String() != g.Name {
			r.Followers = append(r.Followers, alternatives.RegisteredFollower{
				Link: path.Join(path.Dir(g.Link), a.String()), Name: a.String(), Path: wrapper,
			})
		}
	}
	g.Register(r)
	g.Manual = g.Best().Path != wrapper

	p.file("write", rootfs.Change{Path: state.File, Data: g.Bytes(), Like: owned(0o644), Staging: state.Staging})
	self, _ := g.Find(wrapper)
	for _, f := range append([]alternatives.Follower{{Name: g.Name, Link: g.Link}}, g.Followers...) {
		if g.Target(self, f.Name) != "" {
			p.link(links.AlternativesDir+"/"+f.Name, wrapper)
			p.link(f.Link, links.AlternativesDir+"/"+f.Name)
			p.managed = append(p.managed, f.Link)
		}
	}
	return nil
}

// registered is the wrapper's path as the group spells its directory: /usr/sbin on a Fedora whose /usr/sbin is a link to bin,
// if its packages register paths there.
func (p *plan) registered(g *alternatives.Group) string {
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		choice, found := links.Choice(g, m)
		spelled := path.Join(path.Dir(choice.Path), xtables.Wrapper)
		if place, err := p.root.Place(spelled); found && err == nil && place == p.wrapper {
			return spelled
		}
	}
	return p.wrapper
}

// confs gives libalternatives a configuration file for each applet that runs the wrapper, made from the distribution's own:
// the same group, the same options.
func (p *plan) confs() error {
	for _, a := range applet.All() {
		dir := path.Join(links.ConfDir, a.String())
		conf, err := p.root.ReadFile(dir+"/2.conf", 1<<16)
		if err != nil {
			conf, err = p.root.ReadFile(dir+"/1.conf", 1<<16)
		}
		if err != nil {
			return errors.New(dir + "/2.conf and 1.conf: " + err.Error() + ": reinstall iptables, then install again")
		}
		conf = alternatives.ConfWithBinary(conf, p.wrapper)
		if !strings.Contains(string(conf), "KeepArgv0") {
			return errors.New(dir + ": no option KeepArgv0, so a multi-call binary cannot know its name: update iptables")
		}
		place, err := p.root.Place(path.Join(dir, links.Conf))
		if err != nil {
			return err
		}
		p.file("write", rootfs.Change{Path: place, Data: conf, Like: owned(0o644)})
		p.managed = append(p.managed, path.Join(path.Dir(p.wrapper), a.String()))
	}
	return p.overrides()
}

// overrides takes out of libalternatives' override files what selects something else than the wrapper: to install it is to
// select it, as for a choice by hand in any other database.
func (p *plan) overrides() error {
	for _, name := range links.OverrideFiles() {
		data, err := p.root.ReadFile(name, 1<<16)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, a := range applet.All() {
			if n := alternatives.Override(data, a.String()); n != 0 && n != links.ConfNumber {
				data = alternatives.WithoutOverride(data, a.String())
			}
		}
		place, err := p.root.Resolve(name)
		if err != nil {
			return err
		}
		p.file("write", rootfs.Change{Path: place, Data: data})
	}
	return nil
}

// rest points at the wrapper what no database manages: on plain layouts all six names where the mode binaries are, and on
// every layout names in other directories that lead straight to a mode's binary.
func (p *plan) rest(layout Layout) {
	own := path.Dir(p.wrapper)
	for _, dir := range links.Dirs(p.root, p.wrapper) {
		for _, a := range applet.All() {
			name := path.Join(dir, a.String())
			if layout == Plain && dir == own {
				p.link(name, xtables.Wrapper)
				p.managed = append(p.managed, name)
				continue
			}
			last, end, err := p.root.Follow(name)
			if err != nil && !rootfs.Missing(err) {
				p.refuse(err)
			}
			// The last link may be a mode's own (iptables-nft), or changed already, as all are that go through a changed name.
			_, isApplet := applet.Parse(path.Base(last))
			if err == nil && isApplet && isModeBinary(end) && !p.changed(last) && !p.changed(name) {
				p.link(last, p.wrapper)
			}
		}
	}
}

func isModeBinary(place string) bool {
	base := path.Base(place)
	return base == xtables.Multi(mode.NFT) || base == xtables.Multi(mode.Legacy)
}
