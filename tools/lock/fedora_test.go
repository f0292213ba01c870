package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const fedoraTable = `{"title": "Example", "format": "rpm",
    "variants": {"only": {"packages": ["iptables-nft", "glibc-minimal-langpack"], "without": []}},
    "releases": {"43": {"version": "43", "architectures": {"amd64": "x86_64"}, "suites": []}}
}`

// A package needs this shell by its path.
var shell = []archive.File{{Name: "usr/bin/sh", Type: archive.Regular, Mode: 0o755}}

var fedoraPackages = []fixture.Package{
	{Name: "iptables-nft", Version: "1.8.11-9", Architecture: "x86_64", Provides: []string{"iptables = 1.8.11-9"},
		Needs: []string{"/usr/bin/sh", "/usr/sbin/update-alternatives", "filesystem(unmerged-sbin-symlinks)", "libxtables.so.12()(64bit)", "(fancy if unrelated)"}},
	{Name: "iptables-nft", Version: "1.8.10-1", Architecture: "x86_64", Needs: []string{"gone"}},
	{Name: "iptables-nft", Version: "1.9-1", Architecture: "i686", Needs: []string{"gone"}},
	{Name: "alternatives", Version: "1.33-1", Architecture: "x86_64", Needs: []string{"filesystem >= 3"}, Provides: []string{"/usr/sbin/update-alternatives"}},
	{Name: "filesystem", Version: "3.18-50", Architecture: "x86_64", Provides: []string{"filesystem(unmerged-sbin-symlinks)"}},
	{Name: "iptables-libs", Version: "1.8.11-9", Architecture: "x86_64", Needs: []string{"glibc"}, Provides: []string{"libxtables.so.12()(64bit)"}},
	{Name: "glibc", Version: "2.42-4", Architecture: "x86_64", Needs: []string{"(glibc-langpack-aa or glibc-minimal-langpack)", "(hooks if sh-rc)"}},
	{Name: "glibc-langpack-aa", Version: "2.42-4", Architecture: "x86_64"},
	{Name: "glibc-minimal-langpack", Version: "2.42-4", Architecture: "x86_64"},
	{Name: "bash", Version: "5.3.0^1-2", Architecture: "x86_64", Needs: []string{"sh-rc"}, Files: shell},
	{Name: "sh-rc", Version: "1-1", Architecture: "noarch"},
	{Name: "hooks", Version: "1-1", Architecture: "noarch"},
	{Name: "unrelated", Version: "1-1", Architecture: "noarch", Needs: []string{"(a with b)"}},
}

const fedoraDir = "releases/43/Everything/x86_64/os"

// putFedora writes a repository. It is signed unless signer is nil.
func putFedora(c *checkout, signer *openpgp.Entity, packages []fixture.Package) {
	c.t.Helper()
	putRPMs(c, fedoraDir, signer, packages)
}

func putRPMs(c *checkout, dir string, signer *openpgp.Entity, packages []fixture.Package) {
	c.t.Helper()
	needs.Machine(c.t, "createrepo_c")
	root := filepath.Join(c.repository, dir)
	must(c.t, os.RemoveAll(root))
	must(c.t, fixture.WriteFedora(root, signer, packages))
}

func newFedora(t *testing.T) (*checkout, *openpgp.Entity) {
	t.Helper()
	c := newCheckout(t, "fedora", "43", fedoraTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
	putFedora(c, signer, fedoraPackages)
	return c, signer
}

func TestFedora(t *testing.T) {
	c, signer := newFedora(t)
	lock, out := c.mustLock()
	want := "alternatives 1.33-1, bash 5.3.0^1-2, filesystem 3.18-50, glibc 2.42-4, glibc-minimal-langpack 2.42-4, hooks 1-1, " +
		"iptables-libs 1.8.11-9, iptables-nft 1.8.11-9, sh-rc 1-1"
	if got := names(lock.Architectures["x86_64"]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !strings.Contains(out, "x86_64: + bash 5.3.0^1-2\n") {
		t.Errorf("printed %q", out)
	}
	bash := lock.Architectures["x86_64"][1]
	place := "/" + fedoraDir + "/Packages/b/bash-5.3.0%5E1-2.x86_64.rpm"
	if got := strings.Join(bash.URLs, " "); got != fedoraOrigin+place+" "+fedoraArchive+place {
		t.Errorf("addresses %s", got)
	}
	c.stable()

	// An index may be signed, too. Then its signature is checked.
	listed, err := os.ReadFile(filepath.Join(c.repository, fedoraDir, "repodata/repomd.xml"))
	must(t, err)
	sign := func(signer *openpgp.Entity) {
		var out bytes.Buffer
		must(t, openpgp.ArmoredDetachSign(&out, signer, bytes.NewReader(listed), nil))
		c.put(fedoraDir+"/repodata/repomd.xml.asc", out.Bytes())
	}
	index := lock.Indexes["x86_64"][0]
	if index.Signature != lockfile.SignedPackages || index.Key != "" || index.Suite != fedoraDir || index.Date == "" {
		t.Errorf("the unsigned index is locked as %+v", index)
	}
	sign(signer)
	lock, _ = c.mustLock()
	index = lock.Indexes["x86_64"][0]
	if want := fmt.Sprintf("%X", signer.PrimaryKey.Fingerprint); index.Signature != lockfile.SignedIndex || index.Key != want {
		t.Errorf("the index signed by %s is locked as %+v", want, index)
	}
	c.stable()
	signature := filepath.Join(c.repository, fedoraDir, "repodata/repomd.xml.asc")
	must(t, os.Rename(signature, signature+".away"))
	c.refuses("not signed, and the locked one was, by key " + index.Key)
	unknownSigner, _ := newSigner(t)
	sign(unknownSigner)
	c.refuses("repomd.xml.asc: openpgp: signature made by unknown entity")
}

// TestFedoraUpdates has a newer package in the repository updates, as a security update is, and one that the release lacks.
func TestFedoraUpdates(t *testing.T) {
	c := newCheckout(t, "fedora", "43", strings.Replace(fedoraTable, `"suites": []`, `"suites": ["updates"]`, 1))
	signer, public := newSigner(t)
	c.keys("keys", public)
	putFedora(c, signer, fedoraPackages)
	const dir = "updates/43/Everything/x86_64"
	// A release without updates has an index nevertheless.
	putRPMs(c, dir, signer, nil)
	c.mustLock()
	putRPMs(c, dir, signer, []fixture.Package{
		{Name: "glibc", Version: "2.42-7", Architecture: "x86_64", Needs: []string{"glibc-minimal-langpack", "new"}},
		{Name: "new", Version: "1-1", Architecture: "noarch"},
	})
	lock, _ := c.mustLock()
	want := "alternatives 1.33-1, bash 5.3.0^1-2, filesystem 3.18-50, glibc 2.42-7, glibc-minimal-langpack 2.42-4, " +
		"iptables-libs 1.8.11-9, iptables-nft 1.8.11-9, new 1-1, sh-rc 1-1"
	locked := lock.Architectures["x86_64"]
	if got := names(locked); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	place := "/" + dir + "/Packages/g/glibc-2.42-7.x86_64.rpm"
	for _, p := range locked {
		if got := strings.Join(p.URLs, " "); p.Name == "glibc" && got != fedoraOrigin+place+" "+fedoraArchive+place {
			t.Errorf("addresses %s", got)
		}
	}
	c.stable()
	unknownSigner, _ := newSigner(t)
	putRPMs(c, dir, unknownSigner, []fixture.Package{{Name: "glibc", Version: "2.42-7", Architecture: "x86_64"}})
	c.refuses("package glibc 2.42-7: signature: keyid")
}

// TestFedoraSecondary has an architecture that is in the tree beside the main one.
func TestFedoraSecondary(t *testing.T) {
	c := newCheckout(t, "fedora", "43", strings.Replace(fedoraTable, `{"amd64": "x86_64"}`, `{"amd64": "x86_64", "ppc64le": "ppc64le"}`, 1))
	signer, public := newSigner(t)
	c.keys("keys", public)
	var packages []fixture.Package
	for _, p := range fedoraPackages {
		p.Architecture = strings.Replace(p.Architecture, "x86_64", "ppc64le", 1)
		packages = append(packages, p)
	}
	const dir = "releases/43/Everything/ppc64le/os"
	putRPMs(c, "pub/fedora/linux/"+fedoraDir, signer, fedoraPackages)
	putRPMs(c, "pub/fedora-secondary/"+dir, signer, packages)
	c.address += "/pub/fedora/linux"
	lock, _ := c.mustLock()
	place := "/" + dir + "/Packages/a/alternatives-1.33-1.ppc64le.rpm"
	first := lock.Architectures["ppc64le"][0]
	if got := strings.Join(first.URLs, " "); got != fedoraSecondary+place+" "+fedoraSecondaryArchive+place {
		t.Errorf("addresses %s", got)
	}
	if got := lock.Architectures["x86_64"][0].URLs[0]; !strings.HasPrefix(got, fedoraOrigin+"/") {
		t.Errorf("x86_64: address %s", got)
	}
	c.stable()

	unknownSigner, _ := newSigner(t)
	putRPMs(c, "pub/fedora-secondary/"+dir, unknownSigner, packages)
	c.refuses("package alternatives 1.33-1: signature: keyid")
}

func TestFedoraRefuses(t *testing.T) {
	c, signer := newFedora(t)
	c.mustLock()

	primary, err := filepath.Glob(filepath.Join(c.repository, fedoraDir, "repodata/*-primary.xml.*"))
	if err != nil || len(primary) != 1 {
		t.Fatalf("primary: %v, %v", primary, err)
	}
	put(t, primary[0], []byte("<metadata/>"))
	c.refuses("primary.xml")

	putFedora(c, signer, fedoraPackages)
	bash := fedoraDir + "/Packages/b/bash-5.3.0^1-2.x86_64.rpm"
	genuine, err := os.ReadFile(filepath.Join(c.repository, bash))
	must(t, err)
	another, err := fixture.Package{Name: "bash", Version: "5.3.0^1-2", Architecture: "x86_64"}.RPM(signer)
	must(t, err)
	c.put(bash, another)
	c.refuses("bytes, the index says")
	genuine[len(genuine)-1] ^= 1
	c.put(bash, genuine)
	c.refuses("package bash: sha256")

	must(t, os.Remove(filepath.Join(c.repository, bash)))
	c.refuses("bash-5.3.0%5E1-2.x86_64.rpm: not found")

	unknownSigner, _ := newSigner(t)
	putFedora(c, unknownSigner, fedoraPackages)
	c.refuses("package alternatives 1.33-1: signature: keyid")

	putFedora(c, nil, fedoraPackages)
	c.refuses("package alternatives 1.33-1: not signed")

	putFedora(c, signer, append([]fixture.Package{{Name: "glibc", Version: "2.43-1", Architecture: "x86_64", Needs: []string{"(a or b and c)"}}}, fedoraPackages...))
	c.refuses("package glibc: 2.42-4 may not be the newest: the index's entry glibc 2.43-1 is not understood: (a or b and c): not a boolean dependency")
}
