package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// TestLocal has locks of two directories that lose packages, and get them back.
func TestLocal(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	images, _ := c.mustLock()
	committed := c.bytes()
	c.dir = "tests/other"
	c.table(`{"title": "Example", "format": "deb",
		"variants": {"kernel": {"packages": ["gawk"], "without": []}},
		"releases": {"stable": {"version": "1", "architectures": {"amd64": "amd64"}, "suites": []}}
	}`)
	other, _ := c.mustLock()
	const here, there = "images/debian/stable/packages.lock.json", "tests/other/debian/stable/packages.lock.json"
	sum := func(lock *lockfile.Lock, architecture, name string) string {
		i := slices.IndexFunc(lock.Architectures[architecture], func(p lockfile.Package) bool { return p.Name == name })
		return lock.Architectures[architecture][i].SHA256
	}

	// wants runs the program with these losses, and compares each directory's local locks for amd64 and arm64.
	wants := func(name string, lost []string, said string, locals ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "lost")
		put(t, file, []byte(strings.Join(lost, "\n")+"\n"))
		out, err := c.run("-local", file, here, there)
		if !strings.Contains(out, said) || strings.Count(out, "\n") != strings.Count(said, "left the mirror") {
			t.Errorf("%s: said %q, want %q", name, out, said)
		}
		if failed := slices.Contains(locals, "nothing"); failed != (err != nil) {
			t.Errorf("%s: error %v, want one: %v", name, err, failed)
		}
		for i, path := range []string{here, there} {
			if got := c.local(path); got != locals[i] {
				t.Errorf("%s: %s: got %q, want %q", name, path, got, locals[i])
			}
		}
	}
	wants("nothing lost", nil, "", "", "")

	var next []string
	for _, fields := range debianPackages {
		next = append(next, strings.ReplaceAll(fields, "2.0-1", "2.1-1"))
	}
	c.debian(signer, next, nil)
	const kept = "app 2.0-1, extra 1-1, libc6 2.31-1, mawk 1.3-1, only-for-extra 1-1, tool 1~rc1-1"
	updated := strings.Replace(kept, "2.0", "2.1", 1)
	wants("an update of one architecture", []string{sum(images, "arm64", "app")},
		"debian stable: app 2.0-1 left the mirror; going on with what came after, in images/debian/stable/packages.lock.local.json\n",
		kept+" | "+updated, "")
	wants("both directories", []string{sum(images, "amd64", "app"), sum(images, "arm64", "app"), sum(other, "amd64", "gawk")},
		"left the mirror; going on with what came after, in images/debian/stable/packages.lock.local.json\n"+
			"debian stable: gawk 5-1 left the mirror",
		updated+" | "+updated, "gawk 5-1 | ")

	c.debian(signer, next, func(name string, data []byte) []byte {
		if name == "main/binary-arm64/Packages.xz" {
			return append(data, 0)
		}
		return data
	})
	wants("an index that is not what was signed", []string{sum(images, "arm64", "app")},
		"app 2.0-1 left the mirror; going on with what came after, in images/debian/stable/packages.lock.local.json; skipped: arm64\n",
		kept+" | ", "")
	must(t, os.RemoveAll(c.repository+"/debian/dists"))
	wants("a release that is gone", []string{sum(images, "amd64", "app"), sum(images, "arm64", "tool")},
		"debian stable: app 2.0-1, tool 1~rc1-1 left the mirror, and what needs it is skipped: index: ", "nothing", "")
	wants("nothing lost any more", nil, "", "", "")
	if c.dir = "images"; string(c.bytes()) != string(committed) {
		t.Error("the committed lock has changed")
	}
}

// local returns the packages of a lock's local lock for amd64 and arm64, or "" without a local lock.
func (c *checkout) local(path string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.root, strings.Replace(path, ".json", ".local.json", 1)))
	if os.IsNotExist(err) {
		return ""
	}
	if string(text) == nothing {
		return "nothing"
	}
	lock, err := lockfile.Parse(text)
	must(c.t, err)
	return names(lock.Architectures["amd64"]) + " | " + names(lock.Architectures["arm64"])
}
