package main

import (
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// debianAt writes a repository whose index has these dates. If until is the zero time, it has no Valid-Until.
func (c *checkout) debianAt(signer *openpgp.Entity, packages []string, date, until time.Time) {
	c.t.Helper()
	suite := fixture.Suite{Name: "stable", Architectures: []string{"amd64", "arm64"}, Date: date, ValidUntil: until}
	must(c.t, fixture.WriteDebian(filepath.Join(c.repository, "debian"), suite, signer, packages, nil))
}

// TestLockRecordsIndexes reads from Debian's and Alpine's locks when each index was made and which key signed it.
func TestLockRecordsIndexes(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	lock, _ := c.mustLock()
	want := lockfile.Index{
		Suite: "stable", Date: "2026-08-01T10:00:00Z", Signature: lockfile.SignedIndex, Key: fmt.Sprintf("%X", signer.PrimaryKey.Fingerprint),
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		if got := lock.Indexes[architecture]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %+v, want %+v", architecture, got, want)
		}
	}

	alpine, _ := newAlpine(t)
	lock, _ = alpine.mustLock()
	got := lock.Indexes["x86_64"]
	want = lockfile.Index{Suite: "v3.24/community", Date: "2026-08-01T10:00:00Z", Signature: lockfile.SignedIndex, Key: alpineKey}
	if len(got) != 2 || got[0] != want || got[1].Suite != "v3.24/main" {
		t.Errorf("Alpine: got %+v, want first %+v", got, want)
	}
}

// TestOlderIndexDebian offers a signed index that is older than the locked one. The packages are the same, so no version is
// lower. A lock without dates is renewed.
func TestOlderIndexDebian(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	date := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	c.debianAt(signer, debianPackages, date, time.Time{})
	lock, _ := c.mustLock()
	c.debianAt(signer, debianPackages, date.Add(-time.Hour), time.Time{})
	c.refuses("index stable for amd64: made 2026-08-31T23:00:00Z, and the locked one later, 2026-09-01T00:00:00Z")
	if _, err := c.lock("-allow-downgrade"); err != nil {
		t.Error(err)
	}
	lock.Indexes = nil
	text, err := lock.Bytes()
	must(t, err)
	if strings.Contains(string(text), "indexes") {
		t.Error("an empty field is written")
	}
	put(t, c.lockPath(), text)
	if lock, _ := c.mustLock(); lock.Indexes["arm64"][0].Date != "2026-08-31T23:00:00Z" {
		t.Errorf("got %+v", lock.Indexes)
	}
}

// TestOlderIndexAlpine does the same with the time that apk writes into the index.
func TestOlderIndexAlpine(t *testing.T) {
	c, key := newAlpine(t)
	c.mustLock()
	putAlpineAt(c, key, crypto.SHA1, "main", alpineTime.Add(-time.Second), alpineMain)
	c.refuses("index v3.24/main for x86_64: made 2026-08-01T09:59:59Z, and the locked one later, 2026-08-01T10:00:00Z")
	putAlpineAt(c, key, crypto.SHA1, "main", time.Unix(0, 0), alpineMain)
	c.refuses("without a date, and the locked one was made 2026-08-01T10:00:00Z")
}

// TestExpiredIndex checks that an index past its Valid-Until is refused for a committed lock. A local lock accepts it, with one
// warning for all architectures: such a machine reaches only the outdated mirror.
func TestExpiredIndex(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	lock, _ := c.mustLock()
	next := strings.Split(strings.ReplaceAll(strings.Join(debianPackages, "\x00"), "2.0-1", "2.1-1"), "\x00")
	until := time.Now().Add(-time.Hour)
	c.debianAt(signer, next, time.Now().Add(-2*time.Hour), until)
	c.refuses("suite stable: InRelease: expired, Valid-Until " + until.UTC().Format("Mon, 02 Jan 2006 15:04:05"))

	lost := filepath.Join(t.TempDir(), "lost")
	put(t, lost, []byte(lock.Architectures["amd64"][0].SHA256+"\n"+lock.Architectures["arm64"][0].SHA256+"\n"))
	standard, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	must(t, err)
	defer func(real *os.File) { os.Stderr = real }(os.Stderr)
	os.Stderr = standard
	const path = "images/debian/stable/packages.lock.json"
	_, err = c.run("-local", lost, path)
	must(t, err)
	text, err := os.ReadFile(standard.Name())
	must(t, err)
	warning := "lock: warning: suite stable: InRelease: expired, Valid-Until " + until.UTC().Format("Mon, 02 Jan 2006 15:04:05 UTC") + ": the mirror lags behind"
	if strings.Count(string(text), "warning") != 1 || !strings.Contains(string(text), warning) {
		t.Errorf("standard error is %q, want once %q", text, warning)
	}
	if got := c.local(path); strings.Count(got, "app 2.1-1") != 2 {
		t.Errorf("local lock: %q", got)
	}
}
