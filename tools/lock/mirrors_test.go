package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/repository"
)

// asked is what Bazel makes of a package's addresses.
func asked(t *testing.T, setting string, urls ...string) (string, error) {
	t.Helper()
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, &starlark.Thread{}, "mirrors.bzl", nil, starlark.StringDict{
		"fail": starlark.NewBuiltin("fail", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			text, _ := starlark.AsString(args[0])
			return nil, &os.PathError{Op: "fail", Path: text, Err: os.ErrInvalid}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if name, _ := starlark.AsString(globals["MIRRORS"]); name != mirrorsVariable {
		t.Errorf("Bazel reads %s, tools/lock %s", name, mirrorsVariable)
	}
	var list []starlark.Value
	for _, url := range urls {
		list = append(list, starlark.String(url))
	}
	result, err := starlark.Call(&starlark.Thread{}, globals["mirrored"], starlark.Tuple{starlark.NewList(list), starlark.String(setting)}, nil)
	if err != nil {
		return "", err
	}
	var got []string
	for value := range result.(*starlark.List).Elements() {
		text, _ := starlark.AsString(value)
		got = append(got, text)
	}
	return strings.Join(got, " "), nil
}

// TestMirroredAddresses starts from the addresses that locks have.
func TestMirroredAddresses(t *testing.T) {
	pool := "https://snapshot.debian.org/archive/debian/20260801T220000Z/pool/a.deb " + index.DebianPools["debian"] + "/pool/a.deb"
	security := "https://snapshot.debian.org/archive/debian-security/20260801T220000Z/pool/a.deb " + index.DebianPools["debian-security"] + "/pool/a.deb"
	alpine := alpineOrigin + "/v3.24/main/x86_64/a.apk"
	fedora := fedoraOrigin + "/releases/43/a.rpm " + fedoraArchive + "/releases/43/a.rpm"
	secondary := fedoraSecondary + "/releases/43/a.rpm " + fedoraSecondaryArchive + "/releases/43/a.rpm"
	for _, test := range []struct{ setting, urls, first string }{
		{"", pool, ""},
		{"alpine=http://m/alpine", pool, ""},
		{"debian=http://m/debian/", pool, "http://m/debian/pool/a.deb "},
		{"debian=http://m/debian", security, "http://m/debian-security/pool/a.deb "},
		{"debian=http://m/debian  debian-security=http://s/x", security, "http://s/x/pool/a.deb "},
		{"fedora=http://m/linux alpine=http://m/alpine", alpine, "http://m/alpine/v3.24/main/x86_64/a.apk "},
		{"fedora=http://m/linux", fedora, "http://m/linux/releases/43/a.rpm "},
		{"fedora=http://m/pub/fedora/linux", secondary, "http://m/pub/fedora-secondary/releases/43/a.rpm "},
	} {
		got, err := asked(t, test.setting, strings.Fields(test.urls)...)
		if err != nil || got != test.first+test.urls {
			t.Errorf("%q: got %s, %v, want %s before it", test.setting, got, err, test.first)
		}
	}
	for _, setting := range []string{"http://m/debian", "suse=http://m/suse", "alpine="} {
		if _, err := asked(t, setting, alpine); err == nil {
			t.Errorf("%q: Bazel does not refuse it", setting)
		}
		if _, err := settings(setting, "debian"); err == nil && !strings.HasPrefix(setting, "suse") {
			t.Errorf("%q: tools/lock does not refuse it", setting)
		}
	}
}

// TestLocksCanBeMirrored: every package of every lock has an address that a mirror can stand for.
func TestLocksCanBeMirrored(t *testing.T) {
	table, err := distros.Read("../../images/distros.bzl")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		for release := range table[name].Releases {
			lock, err := lockfile.Read(filepath.Join("../../images", name, release, "packages.lock.json"))
			if err != nil {
				t.Fatal(err)
			}
			for architecture, packages := range lock.Architectures {
				for _, p := range packages {
					got, err := asked(t, name+"=http://mirror.example/"+name, p.URLs...)
					if err != nil || !strings.HasPrefix(got, "http://mirror.example/") {
						t.Errorf("%s %s, %s, package %s: not asked of a mirror: %s, %v", name, release, architecture, p.Name, got, err)
					}
				}
			}
		}
	}
}

// TestMirrorOfTheEnvironment makes a lock with no flag.
func TestMirrorOfTheEnvironment(t *testing.T) {
	c := newCheckout(t, "debian", "stable", debianTable)
	signer, public := repository.NewSigner(t)
	c.keys("keys", public)
	c.debian(signer, debianPackages, unchanged)
	t.Setenv(mirrorsVariable, "alpine=http://127.0.0.1:1 debian="+c.address+"/debian/")
	address := c.address
	c.address = ""
	c.mustLock()
	t.Setenv(mirrorsVariable, "debian=http://127.0.0.1:1/debian")
	c.refuses("127.0.0.1:1")
	c.address = address // a flag comes before the environment
	c.stable()
	t.Setenv(mirrorsVariable, "debian")
	c.refuses(mirrorsVariable + `: "debian": want NAME=ADDRESS`)
}
