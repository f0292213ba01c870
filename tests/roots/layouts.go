package roots

import (
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Layout is a root with a distribution's packages, and the expected results of the wrapper's commands.
type Layout struct {
	Name      string
	Owner     string // owner of the six names
	Wrapper   string // the wrapper's path
	Before    Tree
	Installed Tree // after an install
	// Pinned is the tree after a pin, by mode. It is nil if the database has no alternative of that mode.
	Pinned [mode.Legacy + 1]Tree
}

// Find returns the layout with the given name.
func Find(name string) Layout {
	for _, l := range Layouts() {
		if l.Name == name {
			return l
		}
	}
	panic("no layout " + name)
}

// Layouts returns all known layouts.
func Layouts() []Layout {
	const (
		nft, legacy   = "xtables-nft-multi", "xtables-legacy-multi"
		dpkg          = "var/lib/dpkg/alternatives"
		chkconfig     = "var/lib/alternatives"
		debian, azure = "debian-iptables*.dpkg", "azure3-iptables*.chkconfig"
	)
	merged := Tree{"usr/sbin@": "bin", "sbin@": "usr/sbin", "bin@": "usr/bin"}
	sbin := Tree{"sbin@": "usr/sbin"}
	return []Layout{
		plain("Alpine 3.20", "sbin", nft, Tree{"usr/sbin/": ""}),
		plain("Alpine 3.22", "usr/sbin", nft, Tree{"sbin/": ""}),
		plain("Alpine merged", "usr/sbin", nft, sbin),
		plain("Wolfi", "usr/bin", legacy, Tree{"sbin@": "usr/bin", "usr/sbin@": "bin"}),
		plain("Arch", "usr/bin", legacy, merged),
		plain("distroless", "usr/sbin", "/usr/sbin/"+nft, nil),
		database("Debian", "update-alternatives", "usr/sbin", sbin, twoGroups(dpkg, debian), own("usr/sbin")),
		database("Azure Linux 3", "alternatives", "usr/sbin", sbin, twoGroups(chkconfig, azure), own("usr/sbin")),
		database("Photon with numbers below the wrapper's", "alternatives", "usr/sbin", sbin,
			twoGroups(chkconfig, azure, "manual", "auto", "30000", "30", "10000", "20"), own("usr/sbin")),
		database("EL 9 with EPEL", "alternatives", "usr/sbin", nil, oneGroup(chkconfig, "fedora-nft-legacy*.chkconfig"), own("usr/sbin")),
		database("EL 9 nft registered alone", "alternatives", "usr/sbin", nil, oneGroup(chkconfig, "fedora-nft-only*.chkconfig"), own("usr/sbin")),
		database("Fedora legacy first", "alternatives", "usr/sbin", nil, oneGroup(chkconfig, "fedora-legacy-nft*.chkconfig"), own("usr/sbin")),
		database("Fedora 43", "alternatives", "usr/bin", merged, oneGroup(chkconfig, "fedora43-nft-legacy*.chkconfig"), own("usr/bin")),
		database("SLE 15", "update-alternatives", "usr/sbin", nil, oneGroup(chkconfig, "sle15-iptables*.dpkg"), multi),
		database("SLE 15 with dpkg's directory", "update-alternatives", "usr/sbin", nil, oneGroup(dpkg, "sle15-iptables*.dpkg"), multi),
		tumbleweed(),
	}
}

// plain returns a layout whose names are symlinks of packages to target.
func plain(name, dir, target string, more Tree) Layout {
	l := Layout{Name: name, Owner: "plain links", Wrapper: "/" + dir + "/iptables-wrapper"}
	l.Before = Binaries(dir).With(more).With(Names(dir, To(target)))
	l.Installed = l.Before.With(Names(dir, To("iptables-wrapper"))).With(Tree{dir + "/iptables-wrapper": Wrapper})
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		l.Pinned[m] = l.Installed.With(Names(dir, To("xtables-"+m.String()+"-multi")))
	}
	return l
}

// database returns a layout with symlinks in /etc/alternatives. states returns its state files; "" or "-wrapper"
// replaces the star in their names. target returns where a mode's alternative leads an applet.
func database(name, owner, dir string, more Tree, states func(star string) Tree, target func(mode.Mode) func(applet.Applet) string) Layout {
	const links = "etc/alternatives"
	l := Layout{Name: name, Owner: owner, Wrapper: "/" + dir + "/iptables-wrapper"}
	byName := func(a applet.Applet) string { return "/" + links + "/" + a.String() }
	l.Before = Binaries(dir).With(more).With(Names(dir, byName)).With(Names(links, target(mode.NFT))).With(states(""))
	l.Installed = l.Before.With(Names(links, To(l.Wrapper))).With(states("-wrapper")).With(Tree{dir + "/iptables-wrapper": Wrapper})
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		l.Pinned[m] = l.Installed.With(Names(links, target(m)))
		for file, state := range states("-wrapper") {
			if !strings.Contains(state, m.String()) {
				l.Pinned[m] = nil
				break
			}
			l.Pinned[m][file] = Manual(state)
		}
	}
	return l
}

// Manual returns a state file in which the selection is manual.
func Manual(state string) string {
	_, rest, _ := strings.Cut(state, "\n")
	return "manual\n" + rest
}

// oneGroup returns state files with one group, as in Fedora and SLE.
func oneGroup(dir, golden string) func(string) Tree {
	return func(star string) Tree {
		return Tree{dir + "/iptables": State(strings.Replace(golden, "*", star, 1))}
	}
}

// twoGroups returns state files with two groups, as in Debian, in either format. edits are pairs of old and new
// strings.
func twoGroups(dir, golden string, edits ...string) func(string) Tree {
	return func(star string) Tree {
		state := strings.NewReplacer(edits...).Replace(State(strings.Replace(golden, "*", star, 1)))
		return Tree{dir + "/iptables": state, dir + "/ip6tables": ip6tables(state)}
	}
}

// own returns the targets of alternatives that are applets with their mode's own names. multi is the same for the
// multi-call binary.
func own(dir string) func(mode.Mode) func(applet.Applet) string {
	return func(m mode.Mode) func(applet.Applet) string {
		return func(a applet.Applet) string { return "/" + dir + "/" + a.In(m) }
	}
}

func multi(m mode.Mode) func(applet.Applet) string {
	return To("/usr/sbin/xtables-" + m.String() + "-multi")
}

func tumbleweed() Layout {
	const conf = "binary=/usr/sbin/xtables-%-multi\ngroup=iptables, iptables-save, iptables-restore, ip6tables, ip6tables-save, ip6tables-restore\noptions=KeepArgv0\n"
	of := func(binary string) string { return strings.ReplaceAll(conf, "xtables-%-multi", binary) }
	confs := func(file, text string) Tree {
		files := Tree{}
		for _, a := range applet.All() {
			files["usr/share/libalternatives/"+a.String()+"/"+file] = text
		}
		return files
	}
	l := Layout{Name: "Tumbleweed", Owner: "libalternatives", Wrapper: "/usr/sbin/iptables-wrapper"}
	l.Before = Binaries("usr/sbin").With(Names("usr/sbin", To("/usr/bin/alts"))).With(Tree{"usr/bin/alts": "alts"}).
		With(confs("1.conf", of("xtables-legacy-multi"))).With(confs("2.conf", of("xtables-nft-multi")))
	l.Installed = l.Before.With(confs("90.conf", of("iptables-wrapper"))).With(Tree{"usr/sbin/iptables-wrapper": Wrapper})
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		l.Pinned[m] = l.Installed.With(confs("90.conf", of("xtables-"+m.String()+"-multi")))
	}
	return l
}
