package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
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

// newDebian returns a checkout, and a signed repository with debianPackages whose signer the checkout knows.
func newDebian(t *testing.T, table string) (*checkout, *openpgp.Entity) {
	t.Helper()
	c := newCheckout(t, "debian", "stable", table)
	signer, public := newSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, nil)
	return c, signer
}

func TestDebian(t *testing.T) {
	c, signer := newDebian(t, debianTable)

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
	c.debian(signer, next, nil)
	if _, out := c.mustLock(); out != "amd64:   tool 1~rc1-1 -> 1-1\narm64:   tool 1~rc1-1 -> 1-1\n" {
		t.Errorf("a new version: printed %q", out)
	}
}

// TestSecurity adds an archive with newer versions, for fewer architectures, and no flag for its address: it is beside the
// first one.
func TestSecurity(t *testing.T) {
	c, signer := newDebian(t, strings.ReplaceAll(debianTable, `"suites": []`, `"suites": ["stable-security"]`))
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

// TestDir keeps a lock in another directory with another table. The keys are still those of the distribution.
func TestDir(t *testing.T) {
	c, _ := newDebian(t, debianTable)
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
	c, signer := newDebian(t, debianTable)
	c.mustLock()

	for _, damage := range []struct {
		file   string
		change func(data []byte) []byte
		want   string
	}{
		{"InRelease", func(data []byte) []byte {
			return bytes.Replace(data, []byte("Codename: stable"), []byte("Codename: staple"), 1)
		}, "InRelease"},
		{"InRelease", func([]byte) []byte { return []byte("Suite: stable\n") }, "InRelease: not signed"},
		{"Packages.xz", func(data []byte) []byte { return append(data, 0) }, "/Packages.xz: sha256"},
	} {
		c.debian(signer, debianPackages, func(name string, data []byte) []byte {
			if filepath.Base(name) == damage.file {
				return damage.change(data)
			}
			return data
		})
		c.refuses(damage.want)
	}

	unknownSigner, _ := newSigner(t)
	c.debian(unknownSigner, debianPackages, nil)
	c.refuses("InRelease: openpgp: signature made by unknown entity")

	c.debian(signer, debianPackages[2:], nil)
	c.refuses("package app: not in the index")

	odd := append(slices.Clone(debianPackages[2:]), "Package: app\nVersion: a.b\nArchitecture: ARCH")
	c.debian(signer, odd, nil)
	c.refuses(`package app: not in the index (the index's entry app a.b is not understood: version "a.b"`)

	c.debian(signer, slices.Delete(slices.Clone(debianPackages), 4, 5), nil)
	c.refuses("package app: needs [libc6 >= 2.30]: nothing in the index provides it")

	// A package that a mirror's index lists and its pool lacks.
	c.debian(signer, debianPackages, nil)
	must(t, os.Remove(c.repository+"/debian/pool/main/libc6_2.31-1_arm64.deb"))
	c.refuses("package libc6 2.31-1: index: " + c.address + "/debian/pool/main/libc6_2.31-1_arm64.deb: not found")

	must(t, os.RemoveAll(c.repository+"/debian/dists"))
	c.refuses("/debian/dists/stable/InRelease: not found")
}
