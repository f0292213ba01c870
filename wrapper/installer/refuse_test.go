package installer

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func legacyLess() []string {
	names := []string{"usr/sbin/xtables-legacy-multi"}
	for name := range roots.Binaries("usr/sbin") {
		if strings.Contains(name, "-legacy") {
			names = append(names, name)
		}
	}
	return names
}

func TestRefusals(t *testing.T) {
	programs := roots.Programs(t)
	programs[roots.Wrapper], _ = os.Executable()
	nftOnly := alpine().Without(legacyLess()...)
	legacyOnly := roots.Binaries("usr/sbin").Without("usr/sbin/xtables-nft-multi")
	for name := range legacyOnly {
		if strings.Contains(name, "-nft") {
			delete(legacyOnly, name)
		}
	}
	const iptablesState = "var/lib/dpkg/alternatives/iptables"
	for _, row := range []struct {
		name string
		tree roots.Tree
		want string // in the message
		hard bool   // refused without the sanity check, too
	}{
		{"no iptables", roots.Tree{"usr/sbin/": ""}, "install the distribution's iptables package first", true},
		{"iptables 1.6", roots.Tree{"usr/sbin/xtables-multi": roots.NFT}, "older than 1.8", true},
		{"no legacy", nftOnly, "iptables has no legacy variant here: install the package that contains xtables-legacy-multi: iptables-legacy (Alpine, ", false},
		{"no nft", legacyOnly, "iptables has no nft variant here: install the package that contains xtables-nft-multi: iptables-nft (Fedora, ", false},
		{"not a program", alpine().With(roots.Tree{"usr/sbin/xtables-legacy-multi": roots.NFT}), "no version in it", false},
		{"a copy of the wrapper as a mode binary", alpine().With(roots.Tree{"usr/sbin/xtables-nft-multi": roots.Wrapper}), "/usr/sbin/xtables-nft-multi is a copy of an iptables wrapper", false},
		{"only some of the commands", someCommands(), "mode nft is incomplete: stat /usr/sbin/iptables-nft-save: no such file or directory: install the whole iptables package, or copy xtables-nft-multi into /usr/sbin", false},
		{"no ELF interpreter", alpine().Without("lib64/ld-linux-x86-64.so.2"), "/usr/sbin/xtables-nft-multi needs its ELF interpreter /lib64/ld-linux-x86-64.so.2, which is missing", false},
		{"the user's own script", alpine().Without("usr/sbin/ip6tables@").With(roots.Tree{"usr/sbin/ip6tables": "#!/bin/sh\n"}), "/usr/sbin/ip6tables is neither iptables nor a wrapper: move it away, or replace it with --no-sanity-check", false},
		{"a symlink to the user's own script", alpine().With(roots.Tree{"usr/sbin/ip6tables@": "/opt/script", "opt/script": "#!/bin/sh\n"}), "/usr/sbin/ip6tables is neither iptables nor a wrapper", false},
		{"a follower that is a file", debian().Without("usr/sbin/iptables-save@").With(roots.Tree{"usr/sbin/iptables-save": "mine"}), "/usr/sbin/iptables-save is neither iptables nor a wrapper", false},
		{"directory for a link", alpine().Without("usr/sbin/ip6tables@").With(roots.Tree{"usr/sbin/ip6tables/x": ""}), "/usr/sbin/ip6tables: is a directory", true},
		{"directory for the wrapper", alpine().With(roots.Tree{"usr/sbin/iptables-wrapper/x": ""}), "/usr/sbin/iptables-wrapper: is a directory", true},
		{"truncated state", debian().With(roots.Tree{iptablesState: "auto\n/usr/sbin/iptables\niptables-restore\n"}), iptablesState + ": line 4: unexpected end of file", true},
		{"empty state", debian().With(roots.Tree{iptablesState: ""}), iptablesState + ": line 1", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := row.tree.Build(t, programs)
			before := snapshot(t, dir)
			_, err := install(t, dir)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, row.want)
			}
			assertUnchanged(t, dir, before)
			_, err = install(t, dir, func(o *Options) { o.SanityCheck = false })
			if (err != nil) != row.hard {
				t.Errorf("without the sanity check: %v", err)
			}
			if err != nil {
				assertUnchanged(t, dir, before)
			}
		})
	}
}

// someCommands returns a root into which only some commands were copied from another image: COPY follows symlinks.
func someCommands() roots.Tree {
	return roots.Runtime().With(roots.Tree{"usr/sbin/iptables-nft": roots.NFT, "usr/sbin/iptables-legacy": roots.Legacy})
}

// TestNFTOnly: an image without the legacy mode is accepted only if the option says that this is intended.
func TestNFTOnly(t *testing.T) {
	programs := roots.Programs(t)
	meant := func(o *Options) { o.NFTOnly = true }
	dir := alpine().Without(legacyLess()...).Build(t, programs)
	if _, err := install(t, dir, meant); err != nil {
		t.Fatal(err)
	}
	for _, a := range applet.All() {
		if target, _ := os.Readlink(filepath.Join(dir, "usr/sbin", a.String())); target != xtables.Wrapper {
			t.Errorf("%s leads to %q", a, target)
		}
	}
	for name, tree := range map[string]roots.Tree{
		"/usr/sbin/xtables-legacy-multi exists": alpine(),
		"no nft variant":                        alpine().Without("usr/sbin/xtables-nft-multi", "usr/sbin/iptables-nft@"),
	} {
		dir := tree.Build(t, programs)
		before := snapshot(t, dir)
		if _, err := install(t, dir, meant); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want %q in it", err, name)
		}
		assertUnchanged(t, dir, before)
	}
}

func TestRefusesForeignMachine(t *testing.T) {
	dir := alpine().Build(t, roots.Programs(t))
	self, _ := os.Executable()
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint16(data[18:], 183) // EM_AARCH64
	foreign := filepath.Join(t.TempDir(), "iptables-wrapper")
	if err := os.WriteFile(foreign, data, 0o755); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	_, err = install(t, dir, func(o *Options) { o.Self = foreign })
	if err == nil || !strings.Contains(err.Error(), "built for arm64 but /usr/sbin/xtables-nft-multi for amd64") {
		t.Errorf("error %v", err)
	}
	assertUnchanged(t, dir, before)
}

// No supported release has 1.8.0 to 1.8.3. So these are only the constants, in the two forms in which the real binaries of
// TestReleaseOfRealBinaries contain them.
func TestRefusesOldReleases(t *testing.T) {
	for text, old := range map[string]bool{"1.8.0": true, "1.8.3": true, "1.8.4": false, "1.8.10": false, "1.9": false, "2.0.1": false} {
		for _, data := range []string{
			"\x001.2.5\x00%s v%s\n\x00 (nf_tables)\x00" + text + " (nf_tables)\x00",
			"\x001.2.5\x00" + text + "\x00%s v%s (nf_tables)\n\x00",
		} {
			v := version([]byte(data), mode.NFT)
			if alone := !strings.Contains(data, text+" ("); alone && !strings.HasPrefix(text, "1.8.") {
				continue // only its suffix distinguishes it from the version of another library
			}
			if isOld := slices.Contains(oldReleases, v); v != text || isOld != old {
				t.Errorf("%q is read as %q, old: %v", data, v, isOld)
			}
		}
	}
}

func TestHostileLinksStayInside(t *testing.T) {
	host := t.TempDir()
	victim := filepath.Join(host, "victim")
	if err := os.WriteFile(victim, []byte("host"), 0o644); err != nil {
		t.Fatal(err)
	}
	programs := roots.Programs(t)
	for name, files := range map[string]roots.Tree{
		"names":       alpine().With(roots.Names("usr/sbin", roots.To("../../../../../../../.."+victim))),
		"absolute":    alpine().With(roots.Names("usr/sbin", roots.To(victim))),
		"wrapper":     alpine().With(roots.Tree{"usr/sbin/iptables-wrapper@": victim}),
		"state":       debian().Without("var/lib/dpkg/alternatives/iptables").With(roots.Tree{"var/lib/dpkg/alternatives/iptables@": victim}),
		"directory":   debian().Without("var/lib/dpkg/alternatives/iptables", "var/lib/dpkg/alternatives/ip6tables").With(roots.Tree{"var/lib/dpkg/alternatives@": host}),
		"alternative": debian().With(roots.Names("etc/alternatives", roots.To(victim))),
	} {
		t.Run(name, func(t *testing.T) {
			dir := files.Build(t, programs)
			_, err := install(t, dir)
			t.Logf("install says: %v", err)
			data, readErr := os.ReadFile(victim)
			entries, _ := os.ReadDir(host)
			if readErr != nil || string(data) != "host" || len(entries) != 1 {
				t.Errorf("the host was changed: %q, %v, %v", data, readErr, entries)
			}
		})
	}
}
