package installer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// registration is one --install of a package's script, with the followers in the given order.
func registration(dir, leader, suffix string, priority int, followers ...string) alternatives.Registration {
	target := func(name string) string {
		if strings.HasPrefix(suffix, "/") {
			return suffix
		}
		head, verb, more := strings.Cut(name, "-")
		if more {
			verb = "-" + verb
		}
		return dir + head + suffix + verb
	}
	r := alternatives.Registration{Link: dir + leader, Path: target(leader), Priority: priority}
	for _, name := range followers {
		r.Followers = append(r.Followers, alternatives.RegisteredFollower{Link: dir + name, Name: name, Path: target(name)})
	}
	return r
}

func state(format alternatives.Format, name string, all ...alternatives.Registration) string {
	g := alternatives.New(format, name, all[0])
	for _, r := range all[1:] {
		g.Register(r)
	}
	return string(g.Bytes())
}

// layout is a root as a distribution leaves it, and the same after the install and after a pin.
type layoutCase struct {
	name   string
	want   Layout
	before tree
	// installed is what the install must have made of it; pinned what a pin to nft made of that. The wrapper is left out.
	installed, pinned tree
	wrapper           string
}

var five = []string{"ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"}

func plainCase(name, dir, target, pinned string, more tree) layoutCase {
	before := binaries(dir).with(more)
	return layoutCase{
		name: name, want: Plain, wrapper: dir + "/iptables-wrapper",
		before:    before.with(names(dir, to(target))),
		installed: before.with(names(dir, to("iptables-wrapper"))),
		pinned:    before.with(names(dir, to(pinned))),
	}
}

// twoGroups is Debian's grouping, in either format.
func twoGroups(name string, format alternatives.Format, file string, nft, legacy int, manual bool) layoutCase {
	make := func(wrapper bool) tree {
		files := tree{}
		for _, leader := range []string{"iptables", "ip6tables"} {
			followers := []string{leader + "-save", leader + "-restore"}
			all := []alternatives.Registration{
				registration("/usr/sbin/", leader, "-legacy", legacy, followers...),
				registration("/usr/sbin/", leader, "-nft", nft, followers...),
			}
			if wrapper {
				all = append(all, registration("/usr/sbin/", leader, "/usr/sbin/iptables-wrapper", 100, followers...))
			}
			files[file+leader] = state(format, leader, all...)
		}
		return files
	}
	c := databaseCase(name, "usr/sbin", tree{"sbin@": "usr/sbin"}, make, manual)
	c.want = Dpkg
	if format == alternatives.Chkconfig {
		c.want = Chkconfig
	}
	return c
}

// databaseCase is a layout with links in /etc/alternatives.
func databaseCase(name, dir string, more tree, states func(wrapper bool) tree, manual bool) layoutCase {
	before := binaries(dir).with(names(dir, toAlternatives)).with(more)
	c := layoutCase{name: name, want: Chkconfig, wrapper: dir + "/iptables-wrapper"}
	selected := func(suffix func(applet.Applet) string) tree { return names("etc/alternatives", suffix) }
	nft := func(a applet.Applet) string { return "/" + dir + "/" + a.In(mode.NFT) }
	c.before = before.with(states(false)).with(selected(nft))
	c.installed = before.with(states(true)).with(selected(to("/" + dir + "/iptables-wrapper")))
	c.pinned = before.with(states(true)).with(selected(nft))
	for file, text := range states(true) {
		byHand := "manual" + strings.TrimPrefix(text, "auto")
		c.pinned[file] = byHand
		if manual {
			c.installed[file] = byHand
		}
	}
	return c
}

func oneGroup(name, dir string, more tree, first ...string) layoutCase {
	return databaseCase(name, dir, more, func(wrapper bool) tree {
		var all []alternatives.Registration
		for _, suffix := range first {
			all = append(all, registration("/"+dir+"/", "iptables", suffix, 10, five...))
		}
		if wrapper {
			all = append(all, registration("/"+dir+"/", "iptables", "/"+dir+"/iptables-wrapper", 100, five...))
		}
		return tree{"var/lib/alternatives/iptables": state(alternatives.Chkconfig, "iptables", all...)}
	}, false)
}

func sle(file string) layoutCase {
	states := func(wrapper bool) tree {
		all := []alternatives.Registration{
			registration("/usr/sbin/", "iptables", "/usr/sbin/xtables-legacy-multi", 1, five...),
			registration("/usr/sbin/", "iptables", "/usr/sbin/xtables-nft-multi", 2, five...),
		}
		if wrapper {
			all = append(all, registration("/usr/sbin/", "iptables", "/usr/sbin/iptables-wrapper", 100, five...))
		}
		return tree{file: state(alternatives.Dpkg, "iptables", all...)}
	}
	c := databaseCase("SLE 15 "+file, "usr/sbin", nil, states, false)
	c.want = Dpkg
	multi := names("etc/alternatives", to("/usr/sbin/xtables-nft-multi"))
	c.before, c.pinned = c.before.with(multi), c.pinned.with(multi)
	return c
}

func tumbleweed() layoutCase {
	const conf = "binary=/usr/sbin/xtables-%-multi\ngroup=iptables, iptables-save, iptables-restore, ip6tables, ip6tables-save, ip6tables-restore\noptions=KeepArgv0\n"
	of := func(binary string) string { return strings.ReplaceAll(conf, "xtables-%-multi", binary) }
	before := binaries("usr/sbin").with(names("usr/sbin", to("/usr/bin/alts"))).with(tree{"usr/bin/alts": "alts"})
	installed, pinned := tree{}, tree{}
	for _, a := range applet.All() {
		dir := "usr/share/libalternatives/" + a.String()
		before[dir+"/1.conf"], before[dir+"/2.conf"] = of("xtables-legacy-multi"), of("xtables-nft-multi")
		installed[dir+"/90.conf"], pinned[dir+"/90.conf"] = of("iptables-wrapper"), of("xtables-nft-multi")
	}
	return layoutCase{
		name: "Tumbleweed", want: Libalternatives, wrapper: "usr/sbin/iptables-wrapper",
		before: before, installed: before.with(installed), pinned: before.with(pinned),
	}
}

func layoutCases() []layoutCase {
	merged := tree{"usr/sbin@": "bin", "sbin@": "usr/sbin", "bin@": "usr/bin"}
	const nftMulti = "xtables-nft-multi"
	return []layoutCase{
		plainCase("Alpine 3.20", "sbin", nftMulti, nftMulti, tree{"usr/sbin/": ""}),
		plainCase("Alpine 3.22", "usr/sbin", nftMulti, nftMulti, tree{"sbin/": ""}),
		plainCase("Alpine merged", "usr/sbin", nftMulti, nftMulti, tree{"sbin@": "usr/sbin"}),
		plainCase("Wolfi", "usr/bin", "xtables-legacy-multi", nftMulti, tree{"sbin@": "usr/bin", "usr/sbin@": "bin"}),
		plainCase("Arch", "usr/bin", "xtables-legacy-multi", nftMulti, merged),
		plainCase("distroless", "usr/sbin", "/usr/sbin/xtables-nft-multi", nftMulti, nil),
		twoGroups("Debian", alternatives.Dpkg, "var/lib/dpkg/alternatives/", 20, 10, false),
		twoGroups("Photon with numbers below the wrapper's", alternatives.Chkconfig, "var/lib/alternatives/", 30, 20, false),
		twoGroups("Azure Linux 3", alternatives.Chkconfig, "var/lib/alternatives/", 30000, 10000, true),
		oneGroup("EL 9 with EPEL", "usr/sbin", nil, "-nft", "-legacy"),
		oneGroup("EL 9 nft registered alone", "usr/sbin", nil, "-nft"),
		oneGroup("Fedora legacy first", "usr/sbin", nil, "-legacy", "-nft"),
		oneGroup("Fedora 43", "usr/bin", merged, "-nft", "-legacy"),
		sle("var/lib/alternatives/iptables"),
		sle("var/lib/dpkg/alternatives/iptables"),
		tumbleweed(),
	}
}

// assertTree compares links and text; binaries by name only.
func assertTree(t *testing.T, dir string, want tree, wrapper string) {
	t.Helper()
	got := snapshot(t, dir)
	for name, content := range want.with(tree{wrapper: "nft"}) {
		path := strings.TrimRight(name, "@/")
		_, now, _ := strings.Cut(got[path], " -> ")
		if !strings.HasSuffix(name, "@") {
			data, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil && !strings.HasSuffix(name, "/") {
				t.Error(err)
			}
			now = string(data)
		}
		if content != "nft" && content != "legacy" && now != content {
			t.Errorf("%s: got %q, want %q", name, now, content)
		}
		delete(got, path)
	}
	for name, text := range got {
		if !strings.HasPrefix(text, "40755 ") {
			t.Errorf("%s is new", name)
		}
	}
}

func debianTree() tree {
	for _, c := range layoutCases() {
		if c.name == "Debian" {
			return c.before
		}
	}
	return nil
}

// guessed is the mark of a guess in the layout of the first case.
func guessed() tree { return tree{"sbin/.iptables-wrapper.guessed": ""} }
