package packages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// query runs `update-alternatives --query` for both groups, and checks their status and value.
func (m *machine) query(what, status string, value func(group string) string) {
	m.t.Helper()
	for _, group := range groups {
		said := m.run(alts, "--query", group)
		head, _, _ := strings.Cut(said, "\n\n")
		if !strings.Contains(head+"\n", "\nStatus: "+status+"\n") || !strings.Contains(head+"\n", "\nValue: "+value(group)+"\n") {
			m.t.Errorf("%s: --query %s says\n%s\nwant %s and %s", what, group, head, status, value(group))
		}
	}
}

func wrapper(string) string { return path }

func in(mode string) func(string) string {
	return func(group string) string { return "/usr/sbin/" + group + "-" + mode }
}

// installed returns dpkg's list of packages with their states.
func (m *machine) installed() string {
	return m.run("/usr/bin/dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n")
}

// Runs each test function in a root of every release, with iptables and dpkg.
func TestDpkg(t *testing.T) {
	deb, newer := needs.Variable(t, "DEB"), needs.Variable(t, "NEWER_DEB")
	for _, archive := range roots.Debians(t) {
		t.Run(strings.TrimSuffix(filepath.Base(archive), "_amd64_packages.tar.gz"), func(t *testing.T) {
			root := rootOf(t, archive)
			for what, f := range map[string]func(m *machine, deb, newer string){
				"life cycle":                lifecycle,
				"chosen manually":           chosenManually,
				"installed manually before": installedManuallyBefore,
				"iptables is unconfigured":  unconfiguredIPTables,
				"aborted":                   aborted,
				"iptables was forced out":   forcedOut,
			} {
				t.Run(what, func(t *testing.T) {
					on(t, root, func(m *machine) {
						// The image has no documentation directories, and its build runs no package scripts. So the
						// test first does what scripts of other packages do when they are first configured.
						if err := os.MkdirAll(filepath.Join(m.root, "usr/share/man/man8"), 0o755); err != nil {
							panic(failure(err.Error()))
						}
						m.run(dpkg, "--configure", "-a")
						f(m, m.put(deb), m.put(newer))
					})
				})
			}
		})
	}
}

// lifecycle installs, upgrades and purges the package, and checks the state of update-alternatives after each step. At the
// end, nothing may be left.
func lifecycle(m *machine, deb, newer string) {
	before, packages := m.tree(), m.installed()
	m.query("before", "auto", in("nft"))

	m.run(dpkg, "-i", deb)
	m.query("installed", "auto", wrapper)
	if says := m.run(dpkg, "--verify", name); says != "" {
		m.t.Errorf("dpkg --verify says\n%s", says)
	}

	// The host has no rules, so a call guesses.
	m.modes("(nf_tables)")
	m.query("guessed", "auto", wrapper)
	m.host("legacy", "usr/sbin")
	m.modes("(legacy)")
	m.query("pinned", "manual", in("legacy"))

	// After an upgrade, the wrapper decides again.
	m.run(dpkg, "-i", newer)
	m.query("upgraded", "auto", wrapper)
	m.modes("(legacy)")
	m.query("pinned again", "manual", in("legacy"))

	m.run(dpkg, "--remove", name)
	m.query("removed", "auto", in("nft"))
	m.same("removed", before)

	m.run(dpkg, "-i", deb)
	m.query("installed again", "auto", wrapper)
	m.run(dpkg, "--purge", name)
	m.same("purged", before)
	if now := m.installed(); now != packages {
		m.t.Errorf("dpkg has\n%s\nit had\n%s", now, packages)
	}
}

// chosenManually checks that a mode which was chosen manually before the installation is selected again after the
// removal.
func chosenManually(m *machine, deb, newer string) {
	// Only one of the two groups is set: each group has a separate choice.
	m.run(alts, "--set", "iptables", "/usr/sbin/iptables-legacy")
	before := m.tree()
	m.run(dpkg, "-i", deb)
	m.query("installed", "auto", wrapper)
	m.run(dpkg, "-i", newer)
	m.host("nft", "usr/sbin")
	m.modes("(nf_tables)")
	m.query("pinned to another", "manual", in("nft"))
	m.run(dpkg, "--remove", name)
	m.same("removed", before)
}

// installedManuallyBefore installs the package over a wrapper that was installed manually and pinned. The state before
// the wrapper is unknown, so a removal restores Debian's default.
func installedManuallyBefore(m *machine, deb, _ string) {
	before := m.tree()
	m.run(dpkg, "--unpack", deb)
	m.run(path, "install")
	m.host("legacy", "usr/sbin")
	m.modes("(legacy)")
	m.run(dpkg, "--configure", name)
	m.query("installed", "auto", wrapper)
	m.run(dpkg, "--remove", name)
	m.same("removed", before)
}

// unconfiguredIPTables checks that dpkg does not configure the wrapper before iptables, because of Depends.
func unconfiguredIPTables(m *machine, deb, _ string) {
	before := m.tree()
	// apt leaves this state between two steps: the package is unpacked, but postinst has not yet registered the
	// alternatives.
	for _, group := range groups {
		m.run(alts, "--remove-all", group)
	}
	m.status("iptables", "unpacked")
	unconfigured := m.tree()
	if says := m.fails(dpkg, "-i", deb); !strings.Contains(says, "dependency problems") {
		m.t.Errorf("dpkg printed\n%s", says)
	}
	if m.has("usr/sbin/iptables") || m.has(state) {
		m.t.Error("dpkg configured it nevertheless")
	}
	m.run(dpkg, "--remove", name)
	m.same("removed while unpacked", unconfigured)

	m.fails(dpkg, "-i", deb)
	m.run(dpkg, "--configure", "-a")
	m.query("configured", "auto", wrapper)
	m.run(dpkg, "--remove", name)
	m.same("removed", before)
}

// status changes the state of a package in dpkg's database.
func (m *machine) status(name, status string) {
	file := filepath.Join(m.root, "var/lib/dpkg/status")
	data, err := os.ReadFile(file)
	if err != nil {
		panic(failure(err.Error()))
	}
	is, want := "Package: "+name+"\nStatus: install ok installed\n", "Package: "+name+"\nStatus: install ok "+status+"\n"
	if strings.Count(string(data), is) != 1 {
		panic(failure("dpkg does not have " + name))
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), is, want, 1)), 0o644); err != nil {
		panic(failure(err.Error()))
	}
}

// aborted checks two failures. If an upgrade fails, dpkg configures the old version again (postinst abort-upgrade). If
// a removal fails, dpkg runs postinst abort-remove.
func aborted(m *machine, deb, newer string) {
	before := m.tree()
	m.run(dpkg, "-i", deb)
	m.run("/usr/bin/dpkg-deb", "--raw-extract", newer, "/tmp/broken")
	if err := os.WriteFile(filepath.Join(m.root, "tmp/broken/DEBIAN/preinst"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		panic(failure(err.Error()))
	}
	m.run("/usr/bin/dpkg-deb", "--build", "/tmp/broken", "/tmp/broken.deb")
	m.fails(dpkg, "-i", "/tmp/broken.deb")
	m.query("upgrade aborted", "auto", wrapper)
	version := strings.TrimSpace(m.run("/usr/bin/dpkg-deb", "--field", deb, "Version"))
	if says := m.installed(); !strings.Contains(says, name+" "+version+" install ok installed\n") {
		m.t.Errorf("dpkg has\n%s", says)
	}

	// The script does all of its work and then exits with an error.
	script := filepath.Join(m.root, "var/lib/dpkg/info/iptables-wrapper.prerm")
	data, err := os.ReadFile(script)
	if err == nil {
		err = os.WriteFile(script, append(data, "exit 1\n"...), 0o755)
	}
	if err != nil {
		panic(failure(err.Error()))
	}
	m.fails(dpkg, "--remove", name)
	m.query("removal aborted", "auto", wrapper)
	if err := os.WriteFile(script, data, 0o755); err != nil {
		panic(failure(err.Error()))
	}
	m.run(dpkg, "--remove", name)
	m.same("removed", before)
}

// forcedOut removes the package after iptables was removed by force, with the alternatives that the user had chosen.
// There is no group to restore.
func forcedOut(m *machine, deb, _ string) {
	m.run(alts, "--set", "iptables", "/usr/sbin/iptables-legacy")
	m.run(dpkg, "-i", deb)
	m.run(dpkg, "--force-depends", "--remove", "iptables")
	m.run(dpkg, "--remove", name)
	for _, left := range []string{"usr/sbin/iptables", "usr/sbin/ip6tables-save", "var/lib/dpkg/alternatives/iptables", state, path} {
		if m.has(left) {
			m.t.Errorf("%s was left", left)
		}
	}
}
