package packages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A package's life where links belong to packages, as on RHEL 8: at its end nothing is left.
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

		// The new version's script runs before the old one's, which must not undo it.
		m.mustRPM("--upgrade", newer)
		m.links("upgraded", "usr/sbin", "iptables-wrapper")
		m.modes("(legacy)")

		m.mustRPM("--erase", name)
		m.same("erased", before)
	})
}

// An upgrade of iptables lays its own links again. The wrapper is gone from them until somebody installs it again, and that is
// what README.md says; a removal then leaves what the upgrade laid.
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

// Where the legacy variant is missing, as on RHEL 9 without EPEL, nothing is changed and the reason is said; what the user then
// does by hand is undone as well.
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
			m.t.Errorf("%v: rpm says\n%s", err, out)
		}
		m.links("refused", "usr/sbin", "xtables-nft-multi")
		m.run(path, "install", "--nft-only")
		m.links("installed", "usr/sbin", "iptables-wrapper")
		m.mustRPM("--erase", name)
		m.same("erased", before)
	})
}

// SLE 15 has dpkg's program, one group, and the multi-call binaries in it.
func TestOneGroup(t *testing.T) {
	onRPM(t, nil, func(m *machine, rpm, newer string) {
		m.register(alts, "/usr/sbin", "1", func(string) string { return "xtables-legacy-multi" })
		m.register(alts, "/usr/sbin", "2", func(string) string { return "xtables-nft-multi" })
		lives(m, rpm, newer, alts, "/usr/sbin")
	})
}
