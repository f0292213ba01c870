package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// TestFedoraDowngrade offers only an older package, which Fedora signed too.
func TestFedoraDowngrade(t *testing.T) {
	c, signer := newFedora(t)
	c.mustLock()
	older := slices.Clone(fedoraPackages)
	older[3].Version = "1.33~rc1-1"
	putFedora(c, signer, older)
	c.refuses("package alternatives for x86_64: version 1.33~rc1-1 is lower than the locked 1.33-1")
}

// TestFedoraOlderIndex offers an index that is older than the locked one, with the same packages, and one without a date. The
// revision is not signed, so this detects an outdated mirror, but not a hostile one.
func TestFedoraOlderIndex(t *testing.T) {
	c, _ := newFedora(t)
	lock, _ := c.mustLock()
	date := lock.Indexes["x86_64"][0].Date
	path := fedoraDir + "/repodata/repomd.xml"
	text, err := os.ReadFile(filepath.Join(c.repository, path))
	must(t, err)
	revision := regexp.MustCompile(`<revision>\d+</revision>`)
	c.put(path, revision.ReplaceAll(text, []byte("<revision>1700000000</revision>")))
	c.refuses("index " + fedoraDir + " for x86_64: made 2023-11-14T22:13:20Z, and the locked one later, " + date)
	c.put(path, revision.ReplaceAll(text, nil))
	c.refuses("without a date, and the locked one was made " + date)
	if _, err := c.lock("-allow-downgrade"); err != nil {
		t.Error(err)
	}
}

// TestFedoraIndexKeys has keys of the index. Then the index must be signed, and not by the packages' key.
func TestFedoraIndexKeys(t *testing.T) {
	c := newCheckout(t, "fedora", "43", fedoraTable)
	signer, public := newSigner(t)
	indexSigner, indexPublic := newSigner(t)
	c.keys("keys/RPM-GPG-KEY-example", public)
	c.keys("keys/INDEX-GPG-KEY-example", indexPublic)
	putFedora(c, signer, fedoraPackages)
	c.refuses("index " + fedoraDir + ": not signed, and there are keys for it (INDEX-GPG-KEY-*)")
	listed, err := os.ReadFile(filepath.Join(c.repository, fedoraDir, "repodata/repomd.xml"))
	must(t, err)
	for _, by := range []*openpgp.Entity{signer, indexSigner} {
		var out bytes.Buffer
		must(t, openpgp.ArmoredDetachSign(&out, by, bytes.NewReader(listed), nil))
		c.put(fedoraDir+"/repodata/repomd.xml.asc", out.Bytes())
		if by == signer {
			c.refuses("repomd.xml.asc: openpgp: signature made by unknown entity")
		}
	}
	c.mustLock()
}
