package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// TestLocksCanBeMirrored checks that every package of every lock has an address that a mirror can replace. The addresses of its
// distribution are in mirrors.bzl. Bazel must read the same variable.
func TestLocksCanBeMirrored(t *testing.T) {
	text, err := os.ReadFile(needs.Variable(t, "ORIGINS"))
	must(t, err)
	var known map[string]map[string][]string // by the variable's name and the archive's name
	must(t, json.Unmarshal(text, &known))
	origins := known[mirrorsVariable]
	for name, ours := range map[string][]string{
		"alpine":           {alpineOrigin},
		"debian":           {index.DebianPools["debian"]},
		"debian-security":  {index.DebianPools["debian-security"]},
		"fedora":           {fedoraOrigin, fedoraArchive},
		"fedora-secondary": {fedoraSecondary, fedoraSecondaryArchive},
	} {
		if !slices.Equal(origins[name], ours) {
			t.Errorf("%s: Bazel takes mirrors in place of %q, locks have %q", name, origins[name], ours)
		}
	}
	distros, err := images.Read("../../images/distros.generated.json")
	must(t, err)
	for name, distro := range distros {
		for release := range distro.Releases {
			lock, err := lockfile.Read(filepath.Join("../../images", name, release, "packages.lock.json"))
			must(t, err)
			for architecture, packages := range lock.Architectures {
				for _, p := range packages {
					if !slices.ContainsFunc(p.URLs, func(url string) bool {
						return slices.ContainsFunc(slices.Concat(origins[name], origins[name+"-security"], origins[name+"-secondary"]), func(origin string) bool {
							return strings.HasPrefix(url, origin+"/")
						})
					}) {
						t.Errorf("%s %s, %s, package %s: not asked of a mirror: %q", name, release, architecture, p.Name, p.URLs)
					}
				}
			}
		}
	}
}

// Bazel refuses the same settings (mirrors_test.bzl), and those without the name of an archive.
func TestSettingRefused(t *testing.T) {
	for _, setting := range []string{"http://m/debian", "alpine="} {
		if _, err := settings(setting, "debian"); err == nil {
			t.Errorf("%q: no error", setting)
		}
	}
}

// TestMirrorOfTheEnvironment makes a lock without flags.
func TestMirrorOfTheEnvironment(t *testing.T) {
	c, _ := newDebian(t, debianTable)
	t.Setenv(mirrorsVariable, "alpine=http://127.0.0.1:1 debian="+c.address+"/debian/")
	address := c.address
	c.address = ""
	c.mustLock()
	t.Setenv(mirrorsVariable, "debian=http://127.0.0.1:1/debian")
	c.refuses("127.0.0.1:1")
	c.address = address // a flag has precedence over the environment
	c.stable()
	t.Setenv(mirrorsVariable, "debian")
	c.refuses(mirrorsVariable + `: "debian": want NAME=ADDRESS`)
}
