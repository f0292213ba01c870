package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

const debianTable = `{"title": "Example", "format": "deb",
    "variants": {
        "full": {"packages": ["app", "tool"], "without": []},
        "small": {"packages": ["app"], "without": ["extra"]}
    },
    "releases": {"stable": {"version": "1", "architectures": {"amd64": "amd64", "arm64": "arm64"}, "suites": []}}
}`

var debianPackages = []string{
	"Package: app\nVersion: 2.0-1\nArchitecture: ARCH\nPre-Depends: libc6 (>= 2.30)\nDepends: awk, extra | other",
	"Package: app\nVersion: 1.9-1\nArchitecture: ARCH",
	"Package: extra\nVersion: 1-1\nArchitecture: all\nDepends: only-for-extra",
	"Package: only-for-extra\nVersion: 1-1\nArchitecture: all",
	"Package: libc6\nVersion: 2.31-1\nArchitecture: ARCH",
	"Package: mawk\nVersion: 1.3-1\nArchitecture: ARCH\nPriority: required\nProvides: awk",
	"Package: gawk\nVersion: 5-1\nArchitecture: ARCH\nPriority: optional\nProvides: awk",
	"Package: tool\nVersion: 1~rc1-1\nArchitecture: all",
	"Package: unrelated\nVersion: 1-1\nArchitecture: all\nDepends: nothing-like-it",
}

func unchanged(_ string, data []byte) []byte { return data }

func TestDebian(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)

	if out, err := c.lock("-dry-run"); err != nil || !strings.Contains(out, "amd64: + app 2.0-1") || c.bytes() != nil {
		t.Fatalf("a dry run: error %v, printed %q, wrote %d bytes", err, out, len(c.bytes()))
	}
	lock, out := c.mustLock()
	for _, architecture := range []string{"amd64", "arm64"} {
		want := "app 2.0-1, extra 1-1, libc6 2.31-1, mawk 1.3-1, only-for-extra 1-1, tool 1~rc1-1"
		if got := names(lock.Architectures[architecture]); got != want {
			t.Errorf("%s: got %s, want %s", architecture, got, want)
		}
	}
	app, extra := lock.Architectures["arm64"][0], lock.Architectures["arm64"][1]
	if strings.Join(app.Variants, " ") != "full small" || strings.Join(extra.Variants, " ") != "full" {
		t.Errorf("variants of app %v, of extra %v", app.Variants, extra.Variants)
	}
	// The lock must not contain the address of the mirror.
	want := "https://snapshot.debian.org/archive/debian/20260801T220000Z/pool/main/app_2.0-1_arm64.deb https://ftp.debian.org/debian/pool/main/app_2.0-1_arm64.deb"
	if got := strings.Join(app.URLs, " "); got != want {
		t.Errorf("addresses %s, want %s", got, want)
	}
	if !strings.Contains(out, "amd64: + tool 1~rc1-1\n") {
		t.Errorf("printed %q", out)
	}
	c.stable()

	var next []string
	for _, fields := range debianPackages {
		next = append(next, strings.ReplaceAll(fields, "1~rc1-1", "1-1"))
	}
	c.debian(signer, next, unchanged)
	if _, out := c.mustLock(); out != "amd64:   tool 1~rc1-1 -> 1-1\narm64:   tool 1~rc1-1 -> 1-1\n" {
		t.Errorf("a new version: printed %q", out)
	}
}

// TestSecurity adds an archive with newer versions, for fewer architectures, and no flag for its address: it is beside the
// first one.
func TestSecurity(t *testing.T) {
	c := newCheckout(t, "debian", "stable", strings.ReplaceAll(debianTable, `"suites": []`, `"suites": ["stable-security"]`))
	signer, public := newSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)
	security := filepath.Join(c.repository, "debian-security")
	fixes := []string{
		"Package: libc6\nVersion: 2.31-1+deb1u1\nArchitecture: ARCH",
		"Package: app\nVersion: 1.0-1\nArchitecture: ARCH", // older than the point release
	}
	suite := fixture.Suite{Name: "stable-security", Architectures: []string{"amd64"}}
	must(t, fixture.WriteDebian(security, suite, signer, fixes, nil))
	lock, _ := c.mustLock()
	for architecture, want := range map[string]string{"amd64": "libc6 2.31-1+deb1u1", "arm64": "libc6 2.31-1,"} {
		if got := names(lock.Architectures[architecture]); !strings.Contains(got, want) || !strings.Contains(got, "app 2.0-1") {
			t.Errorf("%s: got %s, want %s and app 2.0-1", architecture, got, want)
		}
	}
	fixed := lock.Architectures["amd64"][2]
	want := "https://snapshot.debian.org/archive/debian-security/20260801T220000Z/pool/main/libc6_2.31-1+deb1u1_amd64.deb " +
		"https://security.debian.org/debian-security/pool/main/libc6_2.31-1+deb1u1_amd64.deb"
	if got := strings.Join(fixed.URLs, " "); got != want || fixed.Suite != "stable-security" {
		t.Errorf("suite %s, addresses %s, want %s", fixed.Suite, got, want)
	}

	must(t, fixture.WriteDebian(security, suite, signer, nil, nil))
	c.refuses("package libc6 for amd64: version 2.31-1 is lower than the locked 2.31-1+deb1u1")
	if _, err := c.lock("-allow-downgrade"); err != nil {
		t.Error(err)
	}
	if lock, _ := c.mustLock(); !strings.Contains(names(lock.Architectures["amd64"]), "libc6 2.31-1,") {
		t.Errorf("without fixes: got %s", names(lock.Architectures["amd64"]))
	}

	suite.Name = "other-security" // a mirror that offers the fixes of another release
	must(t, fixture.WriteDebian(security, suite, signer, fixes, nil))
	must(t, os.RemoveAll(filepath.Join(security, "dists/stable-security")))
	c.refuses("/debian-security/dists/stable-security/InRelease: not found")
	must(t, os.Rename(filepath.Join(security, "dists/other-security"), filepath.Join(security, "dists/stable-security")))
	c.refuses(`suite stable-security: InRelease is that of "other-security"`)
}

// TestKeep renews only the architectures that a mirror has completely.
func TestKeep(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)
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
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
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

// TestDir keeps a lock in another directory with another table. The keys are still those of the distribution.
func TestDir(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)
	c.mustLock()
	images := c.bytes()

	c.dir = "tests/other"
	c.refuses("tests/other/distros.generated.json: no such file")
	c.table(`{"title": "Example", "format": "deb",
		"variants": {"kernel": {"packages": ["tool"], "without": []}},
		"releases": {"stable": {"version": "1", "architectures": {"amd64": "amd64"}, "suites": []}}
	}`)
	lock, _ := c.mustLock()
	if got := names(lock.Architectures["amd64"]); got != "tool 1~rc1-1" || len(lock.Architectures) != 1 {
		t.Errorf("amd64: %s, %d architectures", got, len(lock.Architectures))
	}
	c.stable()
	c.release = "unstable"
	c.refuses(`release "unstable" of Example: not in tests/other/distros.bzl`)

	c.dir, c.release = "images", "stable"
	if !bytes.Equal(images, c.bytes()) {
		t.Error("the lock of the images has changed")
	}
}

func TestDebianRefuses(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)
	c.mustLock()

	c.debian(signer, debianPackages, func(name string, data []byte) []byte {
		return bytes.Replace(data, []byte("Codename: stable"), []byte("Codename: staple"), 1)
	})
	c.refuses("InRelease")

	c.debian(signer, debianPackages, func(name string, data []byte) []byte {
		if name == "InRelease" {
			return data
		}
		return append(data, 0)
	})
	c.refuses("/Packages.xz: sha256")

	unknownSigner, _ := newSigner(t)
	c.debian(unknownSigner, debianPackages, unchanged)
	c.refuses("InRelease: openpgp: signature made by unknown entity")

	c.debian(signer, debianPackages, func(name string, data []byte) []byte {
		if name == "InRelease" {
			return []byte("Suite: stable\n")
		}
		return data
	})
	c.refuses("InRelease: not signed")

	c.debian(signer, debianPackages[2:], unchanged)
	c.refuses("package app: not in the index")

	odd := append(slices.Clone(debianPackages[2:]), "Package: app\nVersion: a.b\nArchitecture: ARCH")
	c.debian(signer, odd, unchanged)
	c.refuses(`package app: not in the index (the index's entry app a.b is not understood: version "a.b"`)

	c.debian(signer, slices.Delete(slices.Clone(debianPackages), 4, 5), unchanged)
	c.refuses("package app: needs [libc6 >= 2.30]: nothing in the index provides it")

	// A package that a mirror's index lists and its pool lacks.
	c.debian(signer, debianPackages, unchanged)
	must(t, os.Remove(c.repository+"/debian/pool/main/libc6_2.31-1_arm64.deb"))
	c.refuses("package libc6 2.31-1: index: " + c.address + "/debian/pool/main/libc6_2.31-1_arm64.deb: not found")

	must(t, os.RemoveAll(c.repository+"/debian/dists"))
	c.refuses("/debian/dists/stable/InRelease: not found")
}
