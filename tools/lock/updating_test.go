package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// TestKeep renews only the architectures that a mirror has completely.
func TestKeep(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	c.mustLock()
	broken := func(architectures ...string) {
		next := slices.Clone(debianPackages)
		next[0] = strings.ReplaceAll(next[0], "2.0-1", "2.0-2")
		c.debian(signer, next, func(name string, data []byte) []byte {
			for _, architecture := range architectures {
				if strings.Contains(name, architecture) {
					return []byte("of another moment")
				}
			}
			return data
		})
	}
	broken("arm64")
	c.refuses("main/binary-arm64/Packages.xz: sha256")
	out, err := c.lock("-keep")
	if err != nil || !strings.Contains(out, "arm64: stays as it was: index main/binary-arm64/Packages.xz: sha256") || !strings.Contains(out, "amd64:   app 2.0-1 -> 2.0-2\n") {
		t.Errorf("error %v, printed %q", err, out)
	}
	lock, err := lockfile.Read(c.lockPath())
	must(t, err)
	if got := names(lock.Architectures["arm64"]); !strings.HasPrefix(got, "app 2.0-1,") {
		t.Errorf("arm64: %s", got)
	}

	broken("amd64", "arm64")
	if out, err := c.lock("-keep"); err == nil || out != "" {
		t.Errorf("nothing could be made: error %v, printed %q", err, out)
	}
}

// TestByHash uses a mirror that is being updated: under their names it already has newer indexes.
func TestByHash(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	suite := fixture.Suite{Name: "stable", Architectures: []string{"amd64", "arm64"}, ByHash: true}
	archive := filepath.Join(c.repository, "debian")
	younger := func(name string, data []byte) []byte {
		if name == "InRelease" {
			return data
		}
		return []byte("another index")
	}
	must(t, fixture.WriteDebian(archive, suite, signer, debianPackages, younger))
	c.mustLock()
	c.stable()

	// A mirror may copy an InRelease that announces indexes by their sums, and not have them.
	removeSums := func() {
		sums, err := filepath.Glob(archive + "/dists/stable/main/*/by-hash")
		if err != nil || len(sums) != 2 {
			t.Fatalf("%d directories by-hash, error %v", len(sums), err)
		}
		for _, dir := range sums {
			must(t, os.RemoveAll(dir))
		}
	}
	removeSums()
	c.refuses("/Packages.xz: sha256")
	must(t, fixture.WriteDebian(archive, suite, signer, debianPackages, nil))
	removeSums()
	c.stable()
}
