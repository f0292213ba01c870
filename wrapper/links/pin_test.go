package links

import (
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func TestPinEveryLayout(t *testing.T) {
	for _, l := range roots.Layouts() {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			if l.Pinned[m] != nil { // TestPinKeepsLinksOfAnUnusableDatabase is for the others
				t.Run(l.Name+" "+m.String(), func(t *testing.T) { assertPin(t, l.Installed, l.Wrapper, m, l.Pinned[m]) })
			}
		}
	}
}

// A link's target stays as it was written.
func TestPinKeepsSpelling(t *testing.T) {
	for _, dir := range []string{"", "/usr/sbin/", "../sbin/"} {
		want := plain(dir + "xtables-legacy-multi")
		t.Run(dir, func(t *testing.T) { assertPin(t, plain(dir+"iptables-wrapper"), self, mode.Legacy, want) })
	}
}

// assertPin pins twice: the second time finds nothing to do.
func assertPin(t *testing.T, installed roots.Tree, wrapper string, m mode.Mode, want roots.Tree) {
	t.Helper()
	dir := installed.Build(t, programs)
	for range 2 {
		root := openRoot(t, dir)
		inst, err := xtables.Find(root, wrapper)
		if err != nil {
			t.Fatal(err)
		}
		if err := Pin(root, wrapper, inst, m, applet.IPTables); err != nil {
			t.Fatal(err)
		}
		roots.Assert(t, dir, want)
	}
}

// What leads elsewhere is somebody else's: a name already pinned, one replaced by a program, one missing.
func TestPinLeavesOthersAlone(t *testing.T) {
	files := plain("iptables-wrapper")
	files["usr/sbin/iptables-save@"] = "xtables-legacy-multi"
	files["usr/sbin/ip6tables@"] = "/nowhere"
	delete(files, "usr/sbin/ip6tables-save@")
	files["usr/sbin/ip6tables-restore"] = "#!/bin/sh\n"
	delete(files, "usr/sbin/ip6tables-restore@")
	dir := files.Build(t, programs)
	root, inst := openFor(dir)
	defer root.Close()
	if err := Pin(root, self, inst, mode.NFT, applet.IPTables); err != nil {
		t.Fatal(err)
	}
	files["usr/sbin/iptables@"] = "xtables-nft-multi"
	files["usr/sbin/iptables-restore@"] = "xtables-nft-multi"
	roots.Assert(t, dir, files)
}

// A database that cannot be trusted or written keeps its links: it must not come to say what is not so.
func TestPinKeepsLinksOfAnUnusableDatabase(t *testing.T) {
	for name, spoil := range map[string]func(roots.Tree){
		"damaged":               func(files roots.Tree) { files["var/lib/dpkg/alternatives/iptables"] = "auto\n/usr/sbin/iptables\n" },
		"mode not registered":   func(files roots.Tree) { files["var/lib/dpkg/alternatives/iptables"] = onlyWrapper() },
		"registered, not there": func(files roots.Tree) { delete(files, "usr/sbin/iptables-nft-save@") },
	} {
		t.Run(name, func(t *testing.T) {
			files := debian()
			spoil(files)
			dir := files.Build(t, programs)
			root, inst := openFor(dir)
			defer root.Close()
			if err := Pin(root, self, inst, mode.NFT, applet.IPTables); err == nil {
				t.Error("no error")
			}
			// The other group is whole and is pinned.
			for _, a := range []applet.Applet{applet.IP6Tables, applet.IP6TablesSave, applet.IP6TablesRestore} {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(mode.NFT)
			}
			const other = "var/lib/dpkg/alternatives/ip6tables"
			files[other] = roots.ByHand(files[other])
			roots.Assert(t, dir, files)
		})
	}
}

func onlyWrapper() string {
	state := roots.State("debian-iptables-wrapper.dpkg")
	header, _, _ := strings.Cut(state, "/usr/sbin/iptables-legacy\n")
	_, wrapper, _ := strings.Cut(state, "-nft-save\n")
	return header + wrapper
}
