package main

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const alpineTable = `{"title": "Example", "format": "apk",
    "variants": {"only": {"packages": ["iptables", "sh-links"], "without": []}},
    "releases": {"3.24": {"version": "3.24", "architectures": {"amd64": "x86_64"}, "suites": ["community"]}}
}`

const alpineKey = "test@example.com-1234abcd.rsa.pub"

// An alpinePackage has the relations of a package, and more lines of its entry, as the index contains them.
type alpinePackage struct{ name, version, needs, provides, more string }

var alpineMain = []alpinePackage{
	{"iptables", "1.8.13-r0", "so:libc.musl-x86_64.so.1 so:libxtables.so.12 !iptables-old<1.8", "cmd:iptables=1.8.13-r0 ip6tables=1.8.13-r0", ""},
	{"iptables", "1.8.9-r2", "gone", "", ""},
	{"libxtables", "1.8.13-r0", "musl>=1.2.5", "so:libxtables.so.12=12.7.0", ""},
	{"musl", "1.2.5-r10", "", "so:libc.musl-x86_64.so.1=1", ""},
	{"busybox-binsh", "1.37.0-r12", "busybox=1.37.0-r12", "/bin/sh cmd:sh=1.37.0-r12", "k:100\n"},
	{"dash-binsh", "0.5.12-r3", "", "/bin/sh", "k:60\n"},
	{"busybox", "1.37.0-r12", "so:libc.musl-x86_64.so.1", "", ""},
	{"unrelated", "1-r0", "nothing-like-it", "", ""},
}

var alpineCommunity = []alpinePackage{{"sh-links", "1-r0", "/bin/sh busybox~1.37", "", ""}}

// apk returns the package with one file.
func (p alpinePackage) apk(text string) fixture.Package {
	return fixture.Package{
		Name: p.name, Version: p.version, Architecture: "x86_64", Needs: strings.Fields(p.needs), Provides: strings.Fields(p.provides), Index: p.more,
		Files: []archive.File{{Name: "usr/share/" + p.name, Type: archive.Regular, Mode: 0o644, Data: []byte(text)}},
	}
}

// putAlpine writes one repository. Its index is signed over hash, or not signed if key is nil.
func putAlpine(c *checkout, key *fixture.AlpineKey, hash crypto.Hash, repository string, packages []alpinePackage) {
	c.t.Helper()
	putAlpineAt(c, key, hash, repository, alpineTime, packages)
}

var alpineTime = time.Date(2026, 8, 1, 10, 0, 0, 0, time.UTC)

func putAlpineAt(c *checkout, key *fixture.AlpineKey, hash crypto.Hash, repository string, date time.Time, packages []alpinePackage) {
	c.t.Helper()
	var made []fixture.Package
	for _, p := range packages {
		made = append(made, p.apk(p.version))
	}
	must(c.t, fixture.WriteAlpine(filepath.Join(c.repository, "v3.24", repository, "x86_64"), key, hash, date, made))
}

func newAlpine(t *testing.T) (*checkout, *fixture.AlpineKey) {
	t.Helper()
	return newAlpineOf(t, alpineMain, alpineCommunity)
}

func newAlpineOf(t *testing.T, main, community []alpinePackage) (*checkout, *fixture.AlpineKey) {
	t.Helper()
	key, public, err := fixture.NewAlpineKey(alpineKey, 2048)
	must(t, err)
	c := newCheckout(t, "alpine", "3.24", alpineTable)
	c.keys("keys/"+alpineKey, public)
	putAlpine(c, key, crypto.SHA1, "main", main)
	putAlpine(c, key, crypto.SHA256, "community", community)
	return c, key
}

func TestAlpine(t *testing.T) {
	c, key := newAlpine(t)
	lock, out := c.mustLock()
	want := "busybox 1.37.0-r12, busybox-binsh 1.37.0-r12, iptables 1.8.13-r0, libxtables 1.8.13-r0, musl 1.2.5-r10, sh-links 1-r0"
	if got := names(lock.Architectures["x86_64"]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !strings.Contains(out, "x86_64: + iptables 1.8.13-r0\n") {
		t.Errorf("printed %q", out)
	}
	for _, p := range lock.Architectures["x86_64"] {
		file, err := os.ReadFile(filepath.Join(c.repository, p.Suite, "x86_64", p.Name+"-"+p.Version+".apk"))
		must(t, err)
		if p.SHA256 != fmt.Sprintf("%x", sha256.Sum256(file)) || p.Size != int64(len(file)) {
			t.Errorf("%s: sum %s and size %d are not the file's", p.Name, p.SHA256, p.Size)
		}
		if p.URLs[0] != alpineOrigin+"/"+p.Suite+"/x86_64/"+p.Name+"-"+p.Version+".apk" {
			t.Errorf("%s: address %s", p.Name, p.URLs[0])
		}
	}
	c.stable()

	next := append([]alpinePackage{{"musl", "1.2.5-r11", "", "so:libc.musl-x86_64.so.1=1", ""}}, alpineMain...)
	putAlpine(c, key, crypto.SHA256, "main", next)
	if _, out := c.mustLock(); out != "x86_64:   musl 1.2.5-r10 -> 1.2.5-r11\n" {
		t.Errorf("a new version: printed %q", out)
	}
}

func TestAlpineRefuses(t *testing.T) {
	c, key := newAlpine(t)
	c.mustLock()
	dir := filepath.Join(c.repository, "v3.24", "main", "x86_64")
	change := func(name string, change func([]byte) []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		must(t, err)
		put(t, path, change(data))
	}
	again := func() { putAlpine(c, key, crypto.SHA256, "main", alpineMain) }

	change("APKINDEX.tar.gz", func(data []byte) []byte { data[len(data)-1] ^= 1; return data })
	c.refuses("signature by " + alpineKey + ": crypto/rsa: verification error")

	again()
	change("APKINDEX.tar.gz", func(data []byte) []byte { return append(data, data...) })
	c.refuses("signature by " + alpineKey)

	putAlpine(c, nil, 0, "main", alpineMain)
	c.refuses("index v3.24/main: not signed")

	unknownKey, _, err := fixture.NewAlpineKey(alpineKey, 2048)
	must(t, err)
	putAlpine(c, unknownKey, crypto.SHA256, "main", alpineMain)
	c.refuses("signature by " + alpineKey)

	again()
	another, err := alpineMain[3].apk("another").APK(key)
	must(t, err)
	change("musl-1.2.5-r10.apk", func(data []byte) []byte { return append(another, make([]byte, len(data))...)[:len(data)] })
	c.refuses("package musl 1.2.5-r10: checksum Q1")

	again()
	change("musl-1.2.5-r10.apk", func(data []byte) []byte { return data[:len(data)-1] })
	c.refuses("bytes, the index says")

	again()
	change("musl-1.2.5-r10.apk", func(data []byte) []byte { data[len(data)-1] ^= 1; return data })
	c.refuses("package musl 1.2.5-r10: data: sha256")

	again()
	must(t, os.Remove(filepath.Join(dir, "musl-1.2.5-r10.apk")))
	c.refuses("musl-1.2.5-r10.apk: not found")

	old := append([]alpinePackage{{"iptables-old", "1.4-r0", "", "", ""}}, alpineMain...)
	putAlpine(c, key, crypto.SHA256, "main", old)
	putAlpine(c, key, crypto.SHA256, "community", []alpinePackage{{"sh-links", "1-r0", "iptables-old", "", ""}})
	c.refuses("package iptables: conflicts with iptables-old < 1.8: iptables-old 1.4-r0 is needed too")

	must(t, os.Rename(filepath.Join(c.root, "images/alpine/keys", alpineKey), filepath.Join(c.root, "images/alpine/keys/other.rsa.pub")))
	c.refuses("signed by " + alpineKey + ": no such key here")

	must(t, os.RemoveAll(filepath.Join(c.root, "images/alpine/keys")))
	c.refuses("./bazelw run //tools/lock/keys")
}
