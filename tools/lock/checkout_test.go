package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// checkout is a directory with a table of one distribution and its keys, beside a repository that is served on loopback.
type checkout struct {
	t                *testing.T
	root, repository string // directories
	dir              string // directory below root that contains the table and the locks
	address          string // of the repository; if it is empty, no flag names one
	distro, release  string
}

// newCheckout creates the directory, with keys and a table of this one entry, and starts the repository's server.
func newCheckout(t *testing.T, distro, release, entry string) *checkout {
	t.Helper()
	c := &checkout{t: t, root: t.TempDir(), dir: "images", repository: t.TempDir(), distro: distro, release: release}
	c.table(entry)
	server := httptest.NewServer(http.FileServer(http.Dir(c.repository)))
	t.Cleanup(server.Close)
	c.address = server.URL
	return c
}

// table writes the table of distributions, with one entry.
func (c *checkout) table(entry string) {
	c.t.Helper()
	put(c.t, filepath.Join(c.root, c.dir, "distros.generated.json"), []byte("{\""+c.distro+"\": "+entry+"}\n"))
}

// put writes a file of the repository.
func (c *checkout) put(name string, data []byte) {
	c.t.Helper()
	put(c.t, filepath.Join(c.repository, name), data)
}

func (c *checkout) keys(name string, data []byte) {
	c.t.Helper()
	put(c.t, filepath.Join(c.root, "images", c.distro, name), data)
}

func (c *checkout) lockPath() string {
	return filepath.Join(c.root, c.dir, c.distro, c.release, "packages.lock.json")
}

// lock runs the program as bazel run does, and returns its output.
func (c *checkout) lock(flags ...string) (string, error) {
	if c.dir != "images" {
		flags = append(flags, "-dir", c.dir)
	}
	return c.run(append(flags, c.distro, c.release)...)
}

func (c *checkout) run(args ...string) (string, error) {
	var out bytes.Buffer
	flags := []string{"-workspace", c.root}
	if c.address != "" {
		flags = append(flags, "-mirror", c.address)
	}
	err := run(context.Background(), append(flags, args...), &out)
	return out.String(), err
}

// mustLock runs the program, which must succeed, and returns the lock and the output.
func (c *checkout) mustLock() (*lockfile.Lock, string) {
	c.t.Helper()
	out, err := c.lock()
	must(c.t, err)
	lock, err := lockfile.Read(c.lockPath())
	must(c.t, err)
	return lock, out
}

// refuses runs the program, which must fail with an error of one line that contains text, and must not change the lock.
func (c *checkout) refuses(text string) {
	c.t.Helper()
	before := c.bytes()
	out, err := c.lock()
	if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
		c.t.Errorf("got %v, want one line with %q", err, text)
	}
	if out != "" {
		c.t.Errorf("printed %q before it failed", out)
	}
	if !bytes.Equal(before, c.bytes()) {
		c.t.Error("the lock has changed")
	}
}

// bytes returns the content of the lock file, or nil if there is none.
func (c *checkout) bytes() []byte {
	c.t.Helper()
	data, err := os.ReadFile(c.lockPath())
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	return data
}

// stable runs the program again, which must write the same bytes and report no changes.
func (c *checkout) stable() {
	c.t.Helper()
	before := c.bytes()
	if out, err := c.lock(); err != nil || out != "" || !bytes.Equal(before, c.bytes()) {
		c.t.Errorf("run again: error %v, printed %q, same bytes %v", err, out, bytes.Equal(before, c.bytes()))
	}
}

// names lists the packages of one architecture as "name version", in the lock's order.
func names(packages []lockfile.Package) string {
	var all []string
	for _, p := range packages {
		all = append(all, p.Name+" "+p.Version)
	}
	return strings.Join(all, ", ")
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, data, 0o644))
}

// debian writes a repository whose InRelease is signed.
func (c *checkout) debian(signer *openpgp.Entity, packages []string, change func(name string, data []byte) []byte) {
	c.t.Helper()
	suite := fixture.Suite{Name: "stable", Architectures: []string{"amd64", "arm64"}}
	must(c.t, fixture.WriteDebian(filepath.Join(c.repository, "debian"), suite, signer, packages, change))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSigner returns a key, and its public half.
func newSigner(t *testing.T) (*openpgp.Entity, []byte) {
	t.Helper()
	signer, public, err := fixture.NewSigner(2048)
	must(t, err)
	return signer, public
}
