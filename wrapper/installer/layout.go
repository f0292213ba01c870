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

// names plans the changes that lead the six names to the wrapper. It detects from the root itself which system manages the names.
// os-release and the installed programs do not show it: Debian's update-alternatives is in /usr/bin only, and Photon has Fedora's
// program with Debian's groups. The systems are
//   - groups of update-alternatives (Debian, Ubuntu, SLE 15) or alternatives (Fedora, EL 9, Azure Linux, Photon), used for the
//     names that they have,
//   - libalternatives (openSUSE Tumbleweed, Leap 16),
//   - and plain symlinks that belong to packages (Alpine, Wolfi, Arch, distroless).
func (p *plan) names() {
	all := applet.All()
	plain := all[:]
	for _, title := range links.Titles() {
		state, err := links.ReadState(p.Root, title)
		if p.bundle || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			p.refuse(failure(err.Error(), ": repair it (reinstall iptables), then install again"))
			return
		}
		p.group(state, plain)
		plain = slices.DeleteFunc(plain, func(a applet.Applet) bool { return state.Has(a.String()) })
	}
	own := path.Dir(p.Wrapper)
	_, end, err := p.Root.Follow(path.Join(own, applet.IPTables.String()), nil)
	if !rootfs.Missing(err) {
		p.refuse(err)
	}
	if len(plain) == applet.Count && path.Base(end) == links.Alts && !p.bundle {
		p.confs()
		plain = nil
	}
	for _, a := range plain {
		p.manage(path.Join(own, a.String()), xtables.Wrapper)
	}
	if !p.bundle {
		p.others()
	}
}

// group registers the wrapper in a group, for the applets that the group has.
func (p *plan) group(state links.State, applets []applet.Applet) {
	g := state.Group
	wrapper := p.registered(g)
	self := alternatives.Alternative{Path: wrapper, Priority: Priority, Targets: map[string]string{}}
	var followers []alternatives.Follower
	for _, a := range applets {
		if name := a.String(); name != g.Name && g.Has(name) {
			self.Targets[name] = wrapper
			followers = append(followers, alternatives.Follower{Name: name, Link: path.Join(path.Dir(g.Link), name)})
		}
	}
	if g.Format == alternatives.Dpkg {
		// dpkg's program removes alternatives whose file is gone whenever it reads a group.
		g.Unregister(func(file string) bool {
			_, err := p.Root.Stat(file)
			return rootfs.Missing(err) && file != wrapper
		})
	}
	g.Register(self, followers...)
	g.Manual = g.Best().Path != wrapper

	p.write(state.File, g.Bytes(), state.Staging)
	for _, f := range append([]alternatives.Follower{{Name: g.Name, Link: g.Link}}, g.Followers...) {
		if g.Target(self, f.Name) != "" {
			p.link(links.AlternativesDir+"/"+f.Name, wrapper)
			p.manage(f.Link, links.AlternativesDir+"/"+f.Name)
		}
	}
}

// registered returns the wrapper's path with the directory that the packages of the group register: /usr/sbin on a Fedora whose
// /usr/sbin is a symlink to bin, if its packages register paths there.
func (p *plan) registered(g *alternatives.Group) string {
	for _, m := range p.Modes() {
		choice, found := links.Choice(p.Installation, g, m)
		spelled := path.Join(path.Dir(choice.Path), xtables.Wrapper)
		if place, err := p.Root.Place(spelled); found && err == nil && place == p.Wrapper {
			return spelled
		}
	}
	return p.Wrapper
}

// confs writes a configuration file of libalternatives for each applet, which runs the wrapper. It has the group and the options
// of the distribution's own file.
func (p *plan) confs() {
	for _, a := range applet.All() {
		dir := path.Join(links.ConfDir, a.String())
		conf, err := p.Root.ReadFile(dir+"/2.conf", maxText)
		if err != nil {
			conf, err = p.Root.ReadFile(dir+"/1.conf", maxText)
		}
		other, overErr := links.Overridden(p.Root, a)
		switch {
		case overErr != nil:
			p.refuse(overErr)
		case other != "":
			p.refuse(failure(other, " selects another ", a.String(), ": remove that choice with alts -n ", a.String(), ", then install again"))
		case err != nil:
			p.refuse(failure(dir, "/2.conf and 1.conf: ", err.Error(), ": reinstall iptables, then install again"))
		case !bytes.Contains(conf.Data, []byte("KeepArgv0")):
			p.refuse(failure(dir, ": no option KeepArgv0, so a multi-call binary cannot know its name: update iptables"))
		}
		old, err := p.Root.ReadFile(path.Join(dir, links.Conf), maxText)
		if err != nil && !rootfs.Missing(err) {
			p.refuse(failure(err.Error(), ": move it away, then install again"))
		}
		p.write(old, alternatives.ConfWithBinary(conf.Data, p.Wrapper), "")
		p.managed = append(p.managed, path.Join(path.Dir(p.Wrapper), a.String()))
	}
}

// others searches PATH for applet names that will not lead to the wrapper. It repoints a symlink to this installation's mode
// binaries. For any other file, install prints a warning.
func (p *plan) others() {
	seen := map[string]bool{}
	for _, dir := range split(applet.Path) {
		for _, a := range applet.All() {
			name, err := p.Root.Place(path.Join(dir, a.String()))
			if err != nil || seen[name] {
				continue
			}
			seen[name] = true
			files := p.Files(a)
			last, end, _ := p.Root.Follow(name, func(place string) bool {
				_, ours := files[place]
				return ours || p.Planned(place)
			})
			_, notFound := p.Root.Executable(end)
			_, ours := files[end]
			switch {
			case end == p.Wrapper || p.Planned(end) || path.Base(end) == links.Alts || notFound != nil:
			case ours && last != "":
				p.link(name, p.Wrapper)
			default:
				p.warn(name, " does not lead to the wrapper, and is used instead of it where PATH finds it first: remove it")
			}
		}
	}
}
