package installer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// database returns the files that the program may write: state files and symlinks.
func database(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"iptables", "ip6tables"} {
		data, err := os.ReadFile(filepath.Join(dir, "var/lib/dpkg/alternatives", name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	for _, a := range applet.All() {
		for _, place := range []string{"etc/alternatives/", "usr/sbin/"} {
			target, err := os.Readlink(filepath.Join(dir, place+a.String()))
			if err != nil {
				t.Fatal(err)
			}
			all[place+a.String()] = target
		}
	}
	return all
}

func assertDatabase(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s is\n%q, want\n%q", what, name, got[name], want[name])
		}
	}
}

// register registers the wrapper with the root's own update-alternatives, as upstream's README describes.
func register(t *testing.T, dir string) {
	t.Helper()
	const wrapper = "/usr/sbin/iptables-wrapper"
	if err := os.WriteFile(filepath.Join(dir, wrapper), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, leader := range []string{"iptables", "ip6tables"} {
		roots.In(t, dir, "update-alternatives",
			"--install", "/usr/sbin/"+leader, leader, wrapper, "100",
			"--slave", "/usr/sbin/"+leader+"-save", leader+"-save", wrapper,
			"--slave", "/usr/sbin/"+leader+"-restore", leader+"-restore", wrapper)
	}
}

// upgrade runs the commands of iptables.postinst in an upgrade.
func upgrade(t *testing.T, dir string) {
	t.Helper()
	for _, leader := range []string{"iptables", "ip6tables"} {
		for suffix, priority := range map[string]string{"-legacy": "10", "-nft": "20"} {
			roots.In(t, dir, "update-alternatives",
				"--install", "/usr/sbin/"+leader, leader, "/usr/sbin/"+leader+suffix, priority,
				"--slave", "/usr/sbin/"+leader+"-restore", leader+"-restore", "/usr/sbin/"+leader+suffix+"-restore",
				"--slave", "/usr/sbin/"+leader+"-save", leader+"-save", "/usr/sbin/"+leader+suffix+"-save")
		}
	}
}

// Install and Pin must leave the same state as Debian's own program. That program must show the state, switch it, and restore
// it.
func TestRealUpdateAlternatives(t *testing.T) {
	needs.Machine(t, "root")
	for _, archive := range roots.Debians(t) {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			reference, dir := roots.Unpack(t, archive), roots.Unpack(t, archive)
			register(t, reference)
			r := mustInstall(t, dir)
			if r.Wrapper != "/usr/sbin/iptables-wrapper" {
				t.Fatalf("installed at %s", r.Wrapper)
			}
			installed := database(t, dir)
			assertDatabase(t, "install", installed, database(t, reference))

			groups := []string{"iptables", "ip6tables"}
			assertQuery := func(status, suffix string) {
				t.Helper()
				for _, group := range groups {
					value := "/usr/sbin/" + group + suffix
					if suffix == "" {
						value = "/usr/sbin/iptables-wrapper"
					}
					if q := roots.Query(t, dir, group); q["Status"] != status || q["Value"] != value || q["Best"] != "/usr/sbin/iptables-wrapper" {
						t.Errorf("--query %s says %v, want %s and %s", group, q, status, value)
					}
				}
			}
			assertQuery("auto", "")
			upgrade(t, dir)
			assertDatabase(t, "upgrade", database(t, dir), installed)
			if shown := roots.In(t, dir, "update-alternatives", "--display", "iptables"); !strings.Contains(shown, "/usr/sbin/iptables-wrapper - priority 100") {
				t.Errorf("--display says\n%s", shown)
			}

			for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
				root := open(t, dir)
				inst, err := xtables.Find(root, r.Wrapper)
				if err != nil {
					t.Fatal(err)
				}
				if err := links.Pin(inst, m, applet.IPTables); err != nil {
					t.Fatal(err)
				}
				assertQuery("manual", "-"+m.String())
				for _, group := range groups {
					roots.In(t, reference, "update-alternatives", "--set", group, "/usr/sbin/"+group+"-"+m.String())
				}
				assertDatabase(t, "pin "+m.String(), database(t, dir), database(t, reference))
				want := map[mode.Mode]string{mode.NFT: "(nf_tables)", mode.Legacy: "(legacy)"}[m]
				for _, a := range applet.All() {
					if says := roots.In(t, dir, a.String(), "--version"); !strings.Contains(says, want) {
						t.Errorf("%s --version after a pin to %s says %s", a, m, says)
					}
				}

				// An upgrade of iptables registers its own alternatives again. The choice stays.
				upgrade(t, dir)
				assertQuery("manual", "-"+m.String())
				mustInstall(t, dir)
				assertDatabase(t, "reinstall", database(t, dir), installed)
			}

			roots.In(t, dir, "update-alternatives", "--set", "iptables", "/usr/sbin/iptables-legacy")
			roots.In(t, dir, "update-alternatives", "--auto", "iptables")
			assertQuery("auto", "")
			for _, group := range groups {
				roots.In(t, dir, "update-alternatives", "--remove", group, "/usr/sbin/iptables-wrapper")
			}
			pristine := roots.Unpack(t, archive)
			assertDatabase(t, "remove", database(t, dir), database(t, pristine))
		})
	}
}

// dpkg's program removes an alternative whose file is gone at the next --install, and Install does, too.
func TestRemovesMissingAlternatives(t *testing.T) {
	needs.Machine(t, "root")
	archive := roots.Debians(t)[0]
	reference, dir := roots.Unpack(t, archive), roots.Unpack(t, archive)
	for _, root := range []string{reference, dir} {
		for _, leader := range []string{"iptables", "ip6tables"} {
			if err := os.Symlink("xtables-nft-multi", filepath.Join(root, "usr/sbin/"+leader+"-old")); err != nil {
				t.Fatal(err)
			}
			roots.In(t, root, "update-alternatives", "--install", "/usr/sbin/"+leader, leader, "/usr/sbin/"+leader+"-old", "5",
				"--slave", "/usr/sbin/"+leader+"-xml", leader+"-xml", "/usr/sbin/xtables-nft-multi")
			if err := os.Remove(filepath.Join(root, "usr/sbin/"+leader+"-old")); err != nil {
				t.Fatal(err)
			}
		}
	}
	register(t, reference)
	mustInstall(t, dir)
	assertDatabase(t, "install", database(t, dir), database(t, reference))
}

// The release that is read from the real binaries of every Debian root must be the one that they print.
func TestReleaseOfRealBinaries(t *testing.T) {
	needs.Machine(t, "root")
	for _, archive := range roots.Debians(t) {
		dir := roots.Unpack(t, archive)
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			data, err := os.ReadFile(filepath.Join(dir, "usr/sbin/xtables-"+m.String()+"-multi"))
			if err != nil {
				t.Fatal(err)
			}
			v := version(data, m)
			says := roots.In(t, dir, "iptables-"+m.String(), "--version")
			if v == "" || !strings.Contains(says, " v"+v+" ") {
				t.Errorf("%s: read %s; it says %s", archive, v, says)
			}
		}
	}
}
