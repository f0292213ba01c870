package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/repository"
)

const debianTable = `struct(title = "Example", format = "deb", keys = "",
    variants = {
        "full": struct(packages = ["app", "tool"], without = []),
        "small": struct(packages = ["app"], without = ["extra"]),
    },
    releases = {"stable": struct(version = "1", architectures = {"amd64": "amd64", "arm64": "arm64"}, suites = [])},
)`

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
	signer, public := repository.NewSigner(t)
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
	// The mirror that was asked is nobody else's business.
	if want := "https://snapshot.debian.org/archive/debian/20260801T220000Z/pool/main/app_2.0-1_arm64.deb"; app.URLs[0] != want {
		t.Errorf("address %s, want %s", app.URLs[0], want)
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

// TestFolder keeps a lock elsewhere, by a table of its own; the keys are the distribution's all the same.
func TestFolder(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := repository.NewSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)
	c.mustLock()
	images := c.bytes()

	c.folder = "tests/other"
	c.refuses("tests/other/distros.bzl: no such file")
	c.table(`struct(title = "Example", format = "deb", keys = "",
		variants = {"kernel": struct(packages = ["tool"], without = [])},
		releases = {"stable": struct(version = "1", architectures = {"amd64": "amd64"}, suites = [])},
	)`)
	lock, _ := c.mustLock()
	if got := names(lock.Architectures["amd64"]); got != "tool 1~rc1-1" || len(lock.Architectures) != 1 {
		t.Errorf("amd64: %s, %d architectures", got, len(lock.Architectures))
	}
	c.stable()
	c.release = "unstable"
	c.refuses(`release "unstable" of Example: not in tests/other/distros.bzl`)

	c.folder, c.release = "images", "stable"
	if !bytes.Equal(images, c.bytes()) {
		t.Error("the lock of the images has changed")
	}
}

func TestDebianRefuses(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := repository.NewSigner(t)
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

	stranger, _ := repository.NewSigner(t)
	c.debian(stranger, debianPackages, unchanged)
	c.refuses("InRelease: openpgp: signature made by unknown entity")

	c.debian(signer, debianPackages, func(name string, data []byte) []byte {
		if name == "InRelease" {
			return []byte("Suite: stable\n")
		}
		return data
	})
	c.refuses("InRelease is not signed")

	c.debian(signer, debianPackages[2:], unchanged)
	c.refuses("package app: not in the index")

	c.debian(signer, slices.Delete(slices.Clone(debianPackages), 4, 5), unchanged)
	c.refuses("package app: needs [libc6 >= 2.30]: nothing in the index provides it")

	if err := os.RemoveAll(c.repository + "/debian/dists"); err != nil {
		t.Fatal(err)
	}
	c.refuses("/debian/dists/stable/InRelease: not found")
}
