package links

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// The programs in the trees are copies of this test's own binary, a program that really runs; asked by the environment, it
// acts as a multi-call binary and says who it is, or as a wrapper and pins.
func TestMain(m *testing.M) {
	switch os.Getenv("LINKS_TEST_AS") {
	case "program":
		exe, _ := os.Executable()
		fmt.Println(filepath.Base(exe))
		os.Exit(0)
	case "pinner":
		for {
			root, inst := openFor(os.Getenv("LINKS_TEST_ROOT"))
			_ = Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT, applet.IPTables)
			root.Close()
		}
	}
	os.Exit(m.Run())
}

func TestPinEveryLayout(t *testing.T) {
	manual := func(s string) string { return "manual" + strings.TrimPrefix(s, "auto") }
	for _, row := range []struct {
		name  string
		build func() tree
		// change is what pinning to mode m does to the tree.
		change func(files tree, m mode.Mode)
	}{
		{"plain, relative", func() tree { return plain("iptables-wrapper") }, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/sbin/"+a.String()+"@"] = "xtables-" + m.String() + "-multi"
			}
		}},
		{"plain, absolute", func() tree { return plain("/usr/sbin/iptables-wrapper") }, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/sbin/"+a.String()+"@"] = "/usr/sbin/xtables-" + m.String() + "-multi"
			}
		}},
		{"plain, relative by way of a parent", func() tree { return plain("../sbin/iptables-wrapper") }, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/sbin/"+a.String()+"@"] = "../sbin/xtables-" + m.String() + "-multi"
			}
		}},
		{"dpkg, two groups", debian, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(m)
			}
			for _, file := range []string{"var/lib/dpkg/alternatives/iptables", "var/lib/dpkg/alternatives/ip6tables"} {
				files[file] = manual(files[file])
			}
		}},
		{"chkconfig, one group", fedora, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(m)
			}
			files["var/lib/alternatives/iptables"] = manual(files["var/lib/alternatives/iptables"])
		}},
		{"chkconfig, two groups", azure, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(m)
			}
			for _, file := range []string{"var/lib/alternatives/iptables", "var/lib/alternatives/ip6tables"} {
				files[file] = manual(files[file])
			}
		}},
		{"SLE 15", sle, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/xtables-" + m.String() + "-multi"
			}
			files["var/lib/alternatives/iptables"] = manual(files["var/lib/alternatives/iptables"])
		}},
		{"libalternatives", libalternatives, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/share/libalternatives/"+a.String()+"/90.conf"] =
					"binary=/usr/sbin/xtables-" + m.String() + "-multi\ngroup=iptables, ip6tables\noptions=KeepArgv0\n"
			}
		}},
	} {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			t.Run(row.name+" "+m.String(), func(t *testing.T) {
				dir := row.build().build(t)
				want := row.build()
				row.change(want, m)
				for range 2 { // the second time finds nothing to do
					root, inst := openFor(dir)
					if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, m, applet.IPTables); err != nil {
						t.Fatal(err)
					}
					root.Close()
					assertTree(t, dir, want)
				}
			})
		}
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
	dir := files.build(t)
	root, inst := openFor(dir)
	defer root.Close()
	if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT, applet.IPTables); err != nil {
		t.Fatal(err)
	}
	files["usr/sbin/iptables@"] = "xtables-nft-multi"
	files["usr/sbin/iptables-restore@"] = "xtables-nft-multi"
	assertTree(t, dir, files)
}

// A database that cannot be trusted or written keeps its links: it must not come to say what is not so.
func TestPinKeepsLinksOfAnUnusableDatabase(t *testing.T) {
	for name, spoil := range map[string]func(tree){
		"damaged":               func(files tree) { files["var/lib/dpkg/alternatives/iptables"] = "auto\n/usr/sbin/iptables\n" },
		"mode not registered":   func(files tree) { files["var/lib/dpkg/alternatives/iptables"] = onlyWrapper() },
		"registered, not there": func(files tree) { delete(files, "usr/sbin/iptables-nft-save@") },
	} {
		t.Run(name, func(t *testing.T) {
			files := debian()
			spoil(files)
			dir := files.build(t)
			root, inst := openFor(dir)
			defer root.Close()
			if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT, applet.IPTables); err == nil {
				t.Error("no error")
			}
			// The other group is whole and is pinned.
			for _, a := range []applet.Applet{applet.IP6Tables, applet.IP6TablesSave, applet.IP6TablesRestore} {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(mode.NFT)
			}
			const other = "var/lib/dpkg/alternatives/ip6tables"
			files[other] = "manual" + strings.TrimPrefix(files[other], "auto")
			assertTree(t, dir, files)
		})
	}
}

func onlyWrapper() string {
	return dpkgState[:strings.Index(dpkgState, "/usr/sbin/iptables-legacy\n")] + "/usr/sbin/iptables-wrapper\n100\n" +
		"/usr/sbin/iptables-wrapper\n/usr/sbin/iptables-wrapper\n\n"
}
