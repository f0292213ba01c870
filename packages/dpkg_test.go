package packages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// query has the distribution's own program say what a group leads to, of both groups.
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

// installed are the packages as dpkg has them.
func (m *machine) installed() string {
	return m.run("/usr/bin/dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n")
}

// In a real root of every release, with iptables and dpkg.
func TestDpkg(t *testing.T) {
	for _, archive := range roots.Debians(t) {
		t.Run(strings.TrimSuffix(filepath.Base(archive), "_amd64_packages.tar.gz"), func(t *testing.T) {
			root := rootOf(t, archive)
			for what, f := range map[string]func(m *machine, deb, newer string){
				"life":                     life,
				"chosen by hand":           chosenByHand,
				"installed by hand before": installedByHandBefore,
				"iptables is unconfigured": unconfiguredIPTables,
				"aborted":                  aborted,
				"iptables was forced out":  forcedOut,
			} {
				t.Run(what, func(t *testing.T) {
					on(t, root, func(m *machine) {
						// An image leaves out documentation, and nothing is run when it is made: what other packages' scripts do
						// at the first configuration is done here, before a test looks.
						if err := os.MkdirAll(filepath.Join(m.root, "usr/share/man/man8"), 0o755); err != nil {
							panic(failure(err.Error()))
						}
						m.run(dpkg, "--configure", "-a")
						f(m, m.put(needs.Variable(t, "DEB")), m.put(needs.Variable(t, "NEWER_DEB")))
					})
				})
			}
		})
	}
}

// A package's life: each state is what update-alternatives says, and at its end nothing is left.
func life(m *machine, deb, newer string) {
	before, packages := m.tree(), m.installed()
	m.query("before", "auto", in("nft"))

	m.run(dpkg, "-i", deb)
	m.query("installed", "auto", wrapper)
	if says := m.run(dpkg, "--verify", name); says != "" {
		m.t.Errorf("dpkg --verify says\n%s", says)
	}

	// The host is empty: a call guesses.
	m.modes("(nf_tables)")
	m.query("guessed", "auto", wrapper)
	m.host("legacy", "usr/sbin")
	m.modes("(legacy)")
	m.query("pinned", "manual", in("legacy"))

	// A new version decides anew.
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

// Whoever chose a mode by hand before has it again after.
func chosenByHand(m *machine, deb, newer string) {
	// One of two groups: they are two choices.
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

// The wrapper was there, installed by hand, and pinned, before the package came: what is under it is not known any more, so it is
// what Debian has.
func installedByHandBefore(m *machine, deb, _ string) {
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

// Until iptables is configured, the wrapper is not: dpkg holds to Depends.
func unconfiguredIPTables(m *machine, deb, _ string) {
	before := m.tree()
	// As apt leaves it in between: unpacked, and postinst has not yet registered anything.
	for _, group := range groups {
		m.run(alts, "--remove-all", group)
	}
	m.status("iptables", "unpacked")
	unconfigured := m.tree()
	if says := m.fails(dpkg, "-i", deb); !strings.Contains(says, "dependency problems") {
		m.t.Errorf("dpkg says\n%s", says)
	}
	if m.has("usr/sbin/iptables") || m.has(state) {
		m.t.Error("it was installed all the same")
	}
	m.run(dpkg, "--remove", name)
	m.same("removed while unpacked", unconfigured)

	m.fails(dpkg, "-i", deb)
	m.run(dpkg, "--configure", "-a")
	m.query("configured", "auto", wrapper)
	m.run(dpkg, "--remove", name)
	m.same("removed", before)
}

// status makes dpkg believe another state of a package.
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

// An upgrade that fails half-way goes back: dpkg configures the old version again (postinst abort-upgrade). A removal that fails
// as well (abort-remove).
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

	// The script ends with an error after all of its work.
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

// Somebody forced iptables out, and the alternatives of it that a person had chosen with it: there is no group to put back.
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
