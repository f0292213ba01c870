package installer

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
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

// names plans the way from the six names to the wrapper. A group of the alternatives database is used for those that it has.
func (p *plan) names() Layout {
	layout := Plain
	own := path.Dir(p.wrapper)
	var have [applet.Count]bool
	for _, title := range links.Titles() {
		state, err := links.ReadState(p.root, title)
		if p.bundle || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			p.refuse(failure(err.Error(), ": repair it (reinstall iptables), then install again"))
			return layout
		}
		var names []applet.Applet
		for _, a := range applet.All() {
			if state.Has(a.String()) && !have[a] {
				have[a] = true
				names = append(names, a)
			}
		}
		layout = [...]Layout{alternatives.Dpkg: Dpkg, alternatives.Chkconfig: Chkconfig}[state.Format]
		p.group(state, names)
	}
	_, end, err := p.root.Follow(path.Join(own, applet.IPTables.String()))
	if !rootfs.Missing(err) {
		p.refuse(err)
	}
	if layout == Plain && path.Base(end) == links.Alts && !p.bundle {
		p.confs()
		p.others()
		p.overrides()
		return Libalternatives
	}
	for _, a := range applet.All() {
		if !have[a] {
			p.manage(path.Join(own, a.String()), xtables.Wrapper)
		}
	}
	if !p.bundle {
		p.others()
	}
	return layout
}

// group registers the wrapper in a group, for names.
func (p *plan) group(state links.State, names []applet.Applet) {
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
			p.manage(f.Link, links.AlternativesDir+"/"+f.Name)
		}
	}
}

// registered is the wrapper's path as the group spells its directory: /usr/sbin on a Fedora whose /usr/sbin is a link to bin,
// if its packages register paths there.
func (p *plan) registered(g *alternatives.Group) string {
	for _, m := range p.modes() {
		choice, found := links.Choice(p.root, g, p.inst, m)
		spelled := path.Join(path.Dir(choice.Path), xtables.Wrapper)
		if place, err := p.root.Place(spelled); found && err == nil && place == p.wrapper {
			return spelled
		}
	}
	return p.wrapper
}

// confs gives libalternatives a configuration file for each applet that runs the wrapper, made from the distribution's own:
// the same group, the same options.
func (p *plan) confs() {
	for _, a := range applet.All() {
		dir := path.Join(links.ConfDir, a.String())
		conf, err := p.readEither(dir+"/2.conf", dir+"/1.conf")
		switch {
		case err != nil:
			p.refuse(failure(dir, "/2.conf and 1.conf: ", err.Error(), ": reinstall iptables, then install again"))
		case !bytes.Contains(conf, []byte("KeepArgv0")):
			p.refuse(failure(dir, ": no option KeepArgv0, so a multi-call binary cannot know its name: update iptables"))
		}
		place, err := p.root.Place(path.Join(dir, links.Conf))
		p.refuse(err)
		p.file("write", rootfs.Change{Path: place, Data: alternatives.ConfWithBinary(conf, p.wrapper), Like: owned(0o644)})
		p.managed = append(p.managed, path.Join(path.Dir(p.wrapper), a.String()))
	}
}

// overrides takes out of libalternatives' override files what selects something else than the wrapper: to install it is to
// select it, as for a choice by hand in any other database.
func (p *plan) overrides() {
	for _, name := range links.OverrideFiles() {
		data, err := p.root.ReadFile(name, maxText)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		p.refuse(err)
		for _, a := range applet.All() {
			if n := alternatives.Override(data, a.String()); n != 0 && n != links.ConfNumber {
				data = alternatives.WithoutOverride(data, a.String())
			}
		}
		place, err := p.root.Resolve(name)
		p.refuse(err)
		p.file("write", rootfs.Change{Path: place, Data: data})
	}
}

// others looks along PATH for applet names that will not lead to the wrapper. A symlink to this installation's mode binaries is
// repointed; of anything else install warns.
func (p *plan) others() {
	seen := map[string]bool{}
	for _, dir := range applet.Path() {
		for _, a := range applet.All() {
			name, err := p.root.Place(path.Join(dir, a.String()))
			if err != nil || seen[name] {
				continue
			}
			seen[name] = true
			end := p.leads(name)
			_, notFound := p.root.Executable(end)
			_, notLink := p.root.Readlink(name)
			switch {
			case end == p.wrapper || path.Base(end) == links.Alts || notFound != nil:
			case notLink == nil && p.inst.Contains(p.root, end):
				p.link(name, p.wrapper)
			default:
				p.warn(name, " does not lead to the wrapper, and is used instead of it where PATH finds it first: remove it")
			}
		}
	}
}

// leads returns where a name will lead after the changes, symlinks resolved; "" if it leads nowhere.
func (p *plan) leads(name string) string {
	for range 40 { // MAXSYMLINKS, linux/namei.h
		place, err := p.root.Place(name)
		if err != nil {
			return ""
		}
		target, err := p.root.Readlink(place)
		for _, c := range p.changes {
			if c.Path == place {
				target, err = c.Target, nil
			}
		}
		switch {
		case err != nil || target == "":
			return place
		case target[0] == '/':
			name = target
		default:
			name = path.Dir(place) + "/" + target
		}
	}
	return ""
}
