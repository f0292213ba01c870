package packages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Installs, upgrades and removes the package where symlinks belong to packages, as on RHEL 8. At the end, nothing may
// be left.
func TestRPM(t *testing.T) {
	onRPM(t, names, func(m *machine, rpm, newer string) {
		before := m.tree()
		m.mustRPM("--install", rpm)
		m.links("installed", "usr/sbin", "iptables-wrapper")
		if out, err := m.rpm("--verify", name); err != nil {
			m.t.Errorf("rpm --verify says %v\n%s", err, out)
		}
		m.modes("(nf_tables)")
		m.host("legacy", "usr/sbin")
		m.modes("(legacy)")
		m.links("pinned", "usr/sbin", "xtables-legacy-multi")

		// rpm runs the new version's script before the old version's, which must not undo it.
		m.mustRPM("--upgrade", newer)
		m.links("upgraded", "usr/sbin", "iptables-wrapper")
		m.modes("(legacy)")

		m.mustRPM("--erase", name)
		m.same("erased", before)
	})
}

// An upgrade of iptables replaces the wrapper's symlinks with its own, until the user runs `install` again (see
// README.md). A removal then leaves the symlinks of the upgrade.
func TestUpgradeOfIPTables(t *testing.T) {
	upgraded := iptables(t, "1.8.12", names)
	onRPM(t, names, func(m *machine, rpm, _ string) {
		before := m.tree()
		m.mustRPM("--install", rpm)
		m.mustRPM("--upgrade", upgraded)
		m.links("iptables upgraded", "usr/sbin", "xtables-nft-multi")
		m.run(path, "install")
		m.links("installed again", "usr/sbin", "iptables-wrapper")
		m.mustRPM("--erase", name)
		m.same("erased", before)
	})
}

// Without the legacy variant, as on RHEL 9 without EPEL, the script changes nothing and prints the reason. The removal
// also undoes what the user then did manually.
func TestWithoutLegacy(t *testing.T) {
	onRPM(t, names, func(m *machine, rpm, _ string) {
		for _, file := range []string{"xtables-legacy-multi", "iptables-legacy", "ip6tables-legacy"} {
			if err := os.Remove(filepath.Join(m.root, "usr/sbin", file)); err != nil {
				panic(failure(err.Error()))
			}
		}
		before := m.tree()
		out, err := m.rpm("--install", rpm)
		if !strings.Contains(out, "iptables has no legacy variant here") || !strings.Contains(out, "--nft-only") {
			m.t.Errorf("%v: rpm printed\n%s", err, out)
		}
		m.links("refused", "usr/sbin", "xtables-nft-multi")
		m.run(path, "install", "--nft-only")
		m.links("installed", "usr/sbin", "iptables-wrapper")
		m.mustRPM("--erase", name)
		m.same("erased", before)
	})
}

// SLE 15 uses dpkg's alternatives program, with one group that contains the multi-call binaries.
func TestOneGroup(t *testing.T) {
	onRPM(t, nil, func(m *machine, rpm, newer string) {
		m.register(alts, "/usr/sbin", "1", func(string) string { return "xtables-legacy-multi" })
		m.register(alts, "/usr/sbin", "2", func(string) string { return "xtables-nft-multi" })
		rpmLifecycle(m, rpm, newer, alts, "/usr/sbin")
	})
}
