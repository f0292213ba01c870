package installer

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// assertInstalled installs into a tree and compares the result and the warnings. A second install changes nothing.
func assertInstalled(t *testing.T, before, after roots.Tree, warnings ...string) {
	t.Helper()
	programs := roots.Programs(t)
	programs[roots.Wrapper], _ = os.Executable()
	dir := before.Build(t, programs)
	for range 2 {
		r, err := install(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Warnings) != len(warnings) {
			t.Fatalf("warnings %q, want %q", r.Warnings, warnings)
		}
		for i, w := range r.Warnings {
			if !strings.Contains(w.Error(), warnings[i]) {
				t.Errorf("warning %q, want %q in it", w, warnings[i])
			}
		}
		roots.Assert(t, dir, after)
	}
}

func installed(before roots.Tree, dir string) roots.Tree {
	return before.With(roots.Names(dir, roots.To("iptables-wrapper"))).With(roots.Tree{dir + "/iptables-wrapper": roots.Wrapper})
}

// A group of the alternatives database is used for the names that it contains. The others are plain symlinks.
func TestPartialGroups(t *testing.T) {
	ip6 := []applet.Applet{applet.IP6Tables, applet.IP6TablesSave, applet.IP6TablesRestore}
	l := roots.Find("Debian")
	removed, after := l.Before.Without("var/lib/dpkg/alternatives/ip6tables"), l.Installed.Without("var/lib/dpkg/alternatives/ip6tables")
	for _, a := range ip6 {
		delete(removed, "usr/sbin/"+a.String()+"@")
		delete(removed, "etc/alternatives/"+a.String()+"@")
		delete(after, "etc/alternatives/"+a.String()+"@")
		after["usr/sbin/"+a.String()+"@"] = "iptables-wrapper"
	}
	t.Run("remove-all ip6tables", func(t *testing.T) { assertInstalled(t, removed, after) })

	// In this state file, a user has registered /usr/sbin/iptables without followers.
	const state = "var/lib/dpkg/alternatives/iptables"
	own := roots.Tree{
		"usr/sbin/iptables@":         "/etc/alternatives/iptables",
		"etc/alternatives/iptables@": "/usr/sbin/iptables-nft",
		state:                        "auto\n/usr/sbin/iptables\n\n/usr/sbin/iptables-legacy\n10\n/usr/sbin/iptables-nft\n20\n\n",
	}
	before := alpine().With(own)
	after = installed(before, "usr/sbin").With(roots.Tree{
		"usr/sbin/iptables@":         "/etc/alternatives/iptables",
		"etc/alternatives/iptables@": "/usr/sbin/iptables-wrapper",
		state:                        strings.TrimSuffix(own[state], "\n") + "/usr/sbin/iptables-wrapper\n100\n\n",
	})
	t.Run("iptables alone", func(t *testing.T) { assertInstalled(t, before, after) })
}

// The directory of alternatives may be a symlink.
func TestLinkedDirectoryOfAlternatives(t *testing.T) {
	l := roots.Find("Debian")
	move := func(files roots.Tree) roots.Tree {
		moved := roots.Tree{"etc/alternatives@": "../data/alternatives"}
		for name, content := range files {
			moved[strings.Replace(name, "etc/alternatives/", "data/alternatives/", 1)] = content
		}
		return moved
	}
	assertInstalled(t, move(l.Before), move(l.Installed))
}

func TestPlaces(t *testing.T) {
	for _, dir := range []string{"usr/local/sbin", "bin"} {
		before := roots.Binaries(dir).With(roots.Names(dir, roots.To("xtables-nft-multi")))
		t.Run(dir, func(t *testing.T) { assertInstalled(t, before, installed(before, dir)) })
	}
	// The modes use different names: nft has its multi-call binary, legacy has its commands.
	before := alpine().Without("usr/sbin/xtables-legacy-multi")
	for _, a := range applet.All() {
		delete(before, "usr/sbin/"+strings.Replace(a.String(), "tables", "tables-legacy", 1)+"@")
		before["usr/sbin/"+strings.Replace(a.String(), "tables", "tables-legacy", 1)] = roots.Legacy
	}
	t.Run("mixed", func(t *testing.T) { assertInstalled(t, before, installed(before, "usr/sbin")) })

	// k3s has its own iptables in its own directory, and may run on a Debian host.
	const bundle = "var/lib/rancher/k3s/bin/aux"
	before = debian().With(roots.Binaries(bundle)).With(roots.Names(bundle, roots.To("xtables-legacy-multi"))).
		With(roots.Tree{bundle + "/iptables-wrapper": roots.Wrapper, "usr/local/sbin/iptables@": "/usr/sbin/iptables-nft"})
	t.Run("bundle", func(t *testing.T) {
		programs := roots.Programs(t)
		programs[roots.Wrapper], _ = os.Executable()
		dir := before.Build(t, programs)
		for range 2 {
			r, err := install(t, dir, func(o *Options) { o.Self = filepath.Join(dir, bundle, "iptables-wrapper") })
			if err != nil || len(r.Warnings) != 0 {
				t.Fatal(err, r.Warnings)
			}
			roots.Assert(t, dir, installed(before, bundle))
		}
	})
}

// In distroless-iptables, iptables is a file that contains an empty line. In images with an earlier wrapper, it is a copy of
// the wrapper.
func TestReplacesPlainFiles(t *testing.T) {
	const v2 = "#!/bin/sh\nnft=$(iptables-nft-save)\nlegacy=$(iptables-legacy-save)\nexec \"$0\" \"$@\"\n"
	for name, content := range map[string]string{
		"empty": "\n", "upstream's script": v2, "our wrapper": roots.Wrapper, "iptables": roots.NFT,
	} {
		before := alpine().Without("usr/sbin/iptables@").With(roots.Tree{"usr/sbin/iptables": content})
		after := installed(before, "usr/sbin").Without("usr/sbin/iptables")
		t.Run(name, func(t *testing.T) { assertInstalled(t, before, after) })
	}
}

// Applet names in other directories of PATH: symlinks to this installation are repointed, even indirect ones. Others cause a
// warning.
func TestOtherNamesInPath(t *testing.T) {
	before := alpine().With(roots.Tree{
		"usr/local/sbin/iptables@":      "/usr/sbin/xtables-legacy-multi",
		"usr/local/sbin/iptables-save@": "../../sbin/iptables-legacy-save",
		"usr/bin/ip6tables@":            "../sbin/ip6tables", // leads to the wrapper without a change
		"usr/bin/ip6tables-save@":       "/nowhere",
		"usr/local/bin/ip6tables":       roots.Legacy,
		"usr/local/bin/ip6tables-save@": "/srv/another",
		"srv/another":                   roots.Legacy,
	})
	after := installed(before, "usr/sbin").With(roots.Tree{
		"usr/local/sbin/iptables@":      "/usr/sbin/iptables-wrapper",
		"usr/local/sbin/iptables-save@": "/usr/sbin/iptables-wrapper",
	})
	assertInstalled(t, before, after,
		"/usr/local/bin/ip6tables does not lead to the wrapper, and is used instead of it where PATH finds it first: remove it",
		"/usr/local/bin/ip6tables-save does not lead to the wrapper, and is used instead of it where PATH finds it first: remove it")
}

// A file of an alternatives system that is a symlink becomes a regular file. The target of the symlink does not change.
func TestSymlinkedStateFile(t *testing.T) {
	for name, file := range map[string]string{
		"Debian":     "var/lib/dpkg/alternatives/iptables",
		"Tumbleweed": "usr/share/libalternatives/iptables/90.conf",
	} {
		t.Run(name, func(t *testing.T) {
			l := roots.Find(name)
			kept := roots.Tree{"srv/file": l.Installed[file]}
			if l.Before[file] != "" {
				kept["srv/file"] = l.Before[file]
			}
			before := l.Before.Without(file).With(kept).With(roots.Tree{file + "@": "/srv/file"})
			assertInstalled(t, before, l.Installed.With(kept))
		})
	}
}

// Anything else in the place of the configuration file, such as a FIFO, is not iptables' and not the wrapper's.
func TestFIFOAsConfiguration(t *testing.T) {
	const conf = "usr/share/libalternatives/iptables/90.conf"
	dir := roots.Find("Tumbleweed").Before.Build(t, roots.Programs(t))
	if err := unix.Mkfifo(filepath.Join(dir, conf), 0o644); err != nil {
		t.Fatal(err)
	}
	want := "read /" + conf + ": not a regular file: move it away, then install again"
	if _, err := install(t, dir); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestMissingLibrary(t *testing.T) {
	before := alpine().Without("usr/lib/libip4tc.so.2", "usr/lib/libmnl.so.0").With(roots.Tree{
		"etc/ld.so.cache":     "glibc-ld.so.cache1.1\x00libmnl.so.0\x00/opt/lib/libmnl.so.0\x00libip4tc.so.2\x00/usr/lib/libip4tc.so.2\x00",
		"opt/lib/libmnl.so.0": "a shared library",
	})
	assertInstalled(t, before, installed(before, "usr/sbin"),
		"/usr/sbin/xtables-legacy-multi needs libip4tc.so.2, which is in none of the usual directories: install the package that contains it")
}

// Alpine before 3.19 has ip6tables in a separate package. Without that package, the ip6tables names appear nevertheless.
func TestNamesOfIP6TablesAppear(t *testing.T) {
	before := alpine()
	for name := range before {
		if strings.HasPrefix(name, "usr/sbin/ip6tables") {
			delete(before, name)
		}
	}
	assertInstalled(t, before, installed(before, "usr/sbin"))
}

// A build machine of another architecture installs a wrapper that it cannot execute.
func TestForeignRoot(t *testing.T) {
	foreign := func(file string) string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint16(data[18:], 183) // EM_AARCH64
		name := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(name, data, 0o755); err != nil {
			t.Fatal(err)
		}
		return name
	}
	programs := roots.Programs(t)
	programs[roots.NFT], programs[roots.Legacy] = foreign(programs[roots.NFT]), foreign(programs[roots.Legacy])
	dir := alpine().Build(t, programs)
	_, err := install(t, dir)
	if err == nil || !strings.Contains(err.Error(), "the wrapper is built for amd64 but /usr/sbin/xtables-nft-multi for arm64: install the wrapper built for arm64, with --wrapper FILE") {
		t.Errorf("error %v", err)
	}
	r, err := install(t, dir, func(o *Options) { o.SanityCheck = false })
	if err != nil || !strings.Contains(fmt.Sprint(r.Warnings), "the wrapper is built for amd64 but") {
		t.Errorf("without the sanity check: %v, warnings %v", err, r.Warnings)
	}
	self, _ := os.Executable()
	self = foreign(self)
	if _, err := install(t, dir, func(o *Options) { o.Self = self }); err != nil {
		t.Error(err)
	}
}
