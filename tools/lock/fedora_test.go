package main

import (
	"bytes"
	"crypto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/rpmpack"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/repository"
)

const fedoraTable = `{"title": "Example", "format": "rpm",
    "variants": {"only": {"packages": ["iptables-nft", "glibc-minimal-langpack"], "without": []}},
    "releases": {"43": {"version": "43", "architectures": {"amd64": "x86_64"}, "suites": []}}
}`

type rpmPackage struct {
	name, version, arch  string // version-release
	requires, provides   []string
	files                []string
	conflicts, obsoletes []string
}

var fedoraPackages = []rpmPackage{
	{"iptables-nft", "1.8.11-9", "x86_64", []string{"/usr/bin/sh", "alternatives >= 1.32", "libxtables.so.12()(64bit)", "(fancy if unrelated)"}, []string{"iptables = 1.8.11-9"}, nil, nil, nil},
	{"iptables-nft", "1.8.10-1", "x86_64", []string{"gone"}, nil, nil, nil, nil},
	{"iptables-nft", "1.9-1", "i686", []string{"gone"}, nil, nil, nil, nil},
	{"alternatives", "1.33-1", "x86_64", nil, nil, nil, nil, nil},
	{"iptables-libs", "1.8.11-9", "x86_64", []string{"glibc"}, []string{"libxtables.so.12()(64bit)"}, nil, nil, nil},
	{"glibc", "2.42-4", "x86_64", []string{"(glibc-langpack-aa or glibc-minimal-langpack)", "(hooks if sh-rc)"}, nil, nil, nil, nil},
	{"glibc-langpack-aa", "2.42-4", "x86_64", nil, nil, nil, nil, nil},
	{"glibc-minimal-langpack", "2.42-4", "x86_64", nil, nil, nil, nil, nil},
	{"bash", "5.3.0^1-2", "x86_64", []string{"sh-rc"}, nil, []string{"/usr/bin/sh"}, nil, nil},
	{"sh-rc", "1-1", "noarch", nil, nil, nil, nil, nil},
	{"hooks", "1-1", "noarch", nil, nil, nil, nil, nil},
	{"unrelated", "1-1", "noarch", []string{"(a with b)"}, nil, nil, nil, nil},
}

const fedoraFolder = "releases/43/Everything/x86_64/os"

// putFedora writes packages, signed unless signer is nil, and has createrepo_c make the index.
func putFedora(c *checkout, signer *openpgp.Entity, packages []rpmPackage) {
	c.t.Helper()
	putRPMs(c, fedoraFolder, signer, packages)
}

func putRPMs(c *checkout, folder string, signer *openpgp.Entity, packages []rpmPackage) {
	c.t.Helper()
	needs.Machine(c.t, "createrepo_c")
	root := filepath.Join(c.repository, folder)
	if err := os.RemoveAll(root); err != nil {
		c.t.Fatal(err)
	}
	for _, p := range packages {
		c.put(filepath.Join(folder, "Packages", p.name+"-"+p.version+"."+p.arch+".rpm"), buildRPM(c.t, p, signer))
	}
	if out, err := exec.Command("createrepo_c", "--quiet", root).CombinedOutput(); err != nil {
		c.t.Fatalf("createrepo_c: %v\n%s", err, out)
	}
}

func buildRPM(t *testing.T, p rpmPackage, signer *openpgp.Entity) []byte {
	t.Helper()
	relations := func(texts []string) rpmpack.Relations {
		var all rpmpack.Relations
		for _, text := range texts {
			// NewRelation takes a name's own brackets for a pattern's.
			words := strings.Fields(text)
			relation := &rpmpack.Relation{Name: text}
			if len(words) == 3 && !strings.HasPrefix(text, "(") {
				var err error
				if relation, err = rpmpack.NewRelation(text); err != nil {
					t.Fatal(err)
				}
			}
			all = append(all, relation)
		}
		return all
	}
	version, release, _ := strings.Cut(p.version, "-")
	pkg, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: p.name, Version: version, Release: release, Arch: p.arch, Epoch: rpmpack.NoEpoch, BuildTime: time.Unix(1, 0),
		Summary: "fixture", Description: "fixture", Licence: "none", Compressor: "gzip",
		Requires: relations(p.requires), Provides: relations(p.provides), Conflicts: relations(p.conflicts), Obsoletes: relations(p.obsoletes),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range p.files {
		pkg.AddFile(rpmpack.RPMFile{Name: name, Body: []byte(p.name), Mode: 0o100755, Owner: "root", Group: "root"})
	}
	if signer != nil {
		pkg.SetPGPSigner(func(data []byte) ([]byte, error) {
			var out bytes.Buffer
			err := openpgp.DetachSign(&out, signer, bytes.NewReader(data), &packet.Config{DefaultHash: crypto.SHA256})
			return out.Bytes(), err
		})
	}
	var out bytes.Buffer
	if err := pkg.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func newFedora(t *testing.T) (*checkout, *openpgp.Entity) {
	t.Helper()
	c := newCheckout(t, "fedora", "43", fedoraTable)
	signer, public := repository.NewSigner(t)
	c.keys("keys", public)
	putFedora(c, signer, fedoraPackages)
	return c, signer
}

func TestFedora(t *testing.T) {
	c, signer := newFedora(t)
	lock, out := c.mustLock()
	want := "alternatives 1.33-1, bash 5.3.0^1-2, glibc 2.42-4, glibc-minimal-langpack 2.42-4, hooks 1-1, " +
		"iptables-libs 1.8.11-9, iptables-nft 1.8.11-9, sh-rc 1-1"
	if got := names(lock.Architectures["x86_64"]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !strings.Contains(out, "x86_64: + bash 5.3.0^1-2\n") {
		t.Errorf("printed %q", out)
	}
	bash := lock.Architectures["x86_64"][1]
	place := "/" + fedoraFolder + "/Packages/bash-5.3.0%5E1-2.x86_64.rpm"
	if got := strings.Join(bash.URLs, " "); got != fedoraOrigin+place+" "+fedoraArchive+place {
		t.Errorf("addresses %s", got)
	}
	c.stable()

	// An index may be signed too. Then the signature counts.
	listed, err := os.ReadFile(filepath.Join(c.repository, fedoraFolder, "repodata/repomd.xml"))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(signer *openpgp.Entity) {
		var out bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&out, signer, bytes.NewReader(listed), nil); err != nil {
			t.Fatal(err)
		}
		c.put(fedoraFolder+"/repodata/repomd.xml.asc", out.Bytes())
	}
	sign(signer)
	c.stable()
	stranger, _ := repository.NewSigner(t)
	sign(stranger)
	c.refuses("repomd.xml.asc: openpgp: signature made by unknown entity")
}

// TestFedoraSecondary has an architecture that is in the tree beside the main one.
func TestFedoraSecondary(t *testing.T) {
	c := newCheckout(t, "fedora", "43", strings.Replace(fedoraTable, `{"amd64": "x86_64"}`, `{"amd64": "x86_64", "ppc64le": "ppc64le"}`, 1))
	signer, public := repository.NewSigner(t)
	c.keys("keys", public)
	var packages []rpmPackage
	for _, p := range fedoraPackages {
		p.arch = strings.Replace(p.arch, "x86_64", "ppc64le", 1)
		packages = append(packages, p)
	}
	const folder = "releases/43/Everything/ppc64le/os"
	putRPMs(c, "pub/fedora/linux/"+fedoraFolder, signer, fedoraPackages)
	putRPMs(c, "pub/fedora-secondary/"+folder, signer, packages)
	c.address += "/pub/fedora/linux"
	lock, _ := c.mustLock()
	place := "/" + folder + "/Packages/alternatives-1.33-1.ppc64le.rpm"
	first := lock.Architectures["ppc64le"][0]
	if got := strings.Join(first.URLs, " "); got != fedoraSecondary+place+" "+fedoraSecondaryArchive+place {
		t.Errorf("addresses %s", got)
	}
	if got := lock.Architectures["x86_64"][0].URLs[0]; !strings.HasPrefix(got, fedoraOrigin+"/") {
		t.Errorf("x86_64: address %s", got)
	}
	c.stable()

	stranger, _ := repository.NewSigner(t)
	putRPMs(c, "pub/fedora-secondary/"+folder, stranger, packages)
	c.refuses("package alternatives 1.33-1: signature: keyid")
}

func TestFedoraRefuses(t *testing.T) {
	c, signer := newFedora(t)
	c.mustLock()

	primary, err := filepath.Glob(filepath.Join(c.repository, fedoraFolder, "repodata/*-primary.xml.*"))
	if err != nil || len(primary) != 1 {
		t.Fatalf("primary: %v, %v", primary, err)
	}
	put(t, primary[0], []byte("<metadata/>"))
	c.refuses("primary.xml")

	putFedora(c, signer, fedoraPackages)
	bash := fedoraFolder + "/Packages/bash-5.3.0^1-2.x86_64.rpm"
	c.put(bash, buildRPM(t, rpmPackage{name: "bash", version: "5.3.0^1-2", arch: "x86_64"}, signer))
	c.refuses("package bash: sha256")

	if err := os.Remove(filepath.Join(c.repository, bash)); err != nil {
		t.Fatal(err)
	}
	c.refuses("bash-5.3.0%5E1-2.x86_64.rpm: not found")

	stranger, _ := repository.NewSigner(t)
	putFedora(c, stranger, fedoraPackages)
	c.refuses("package alternatives 1.33-1: signature: keyid")

	putFedora(c, nil, fedoraPackages)
	c.refuses("package alternatives 1.33-1: not signed")

	putFedora(c, signer, append([]rpmPackage{{name: "glibc", version: "2.43-1", arch: "x86_64", requires: []string{"(a or b and c)"}}}, fedoraPackages...))
	c.refuses("package glibc: 2.42-4 may not be the newest: the index's entry glibc 2.43-1 is not understood: (a or b and c): not a boolean dependency")
}
