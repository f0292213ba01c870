package index_test

import (
	"bytes"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

const fuzzBase = "https://example.com/pool"

// checkAddresses checks that every package is fetched from an address below the base, and that packages that can be locked
// contain only allowed characters.
func checkAddresses(t *testing.T, packages []*closure.Package) {
	t.Helper()
	for _, p := range packages {
		if err := lockfile.CheckWords(p.Name, p.Version, p.Architecture); p.Odd == "" && err != nil {
			t.Fatal(err)
		}
		for _, address := range p.File.URLs {
			parsed, err := url.Parse(address)
			if err != nil {
				t.Fatalf("package %q: %v", p.Name, err)
			}
			clean := parsed.JoinPath().Path
			if parsed.Host != "example.com" || !strings.HasPrefix(clean, "/pool/") || parsed.RawQuery != "" || parsed.Fragment != "" {
				t.Fatalf("package %q: address %q", p.Name, address)
			}
		}
	}
}

func FuzzParsePackages(f *testing.F) {
	f.Add([]byte(packagesText))
	f.Add([]byte(packagesText + "\n" + strings.Replace(packagesText, "pool/", "../", 1)))
	f.Add([]byte("Package: a\nVersion: 1\nSize: x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		packages, err := index.ParsePackages(text, "amd64", "stable", fuzzBase)
		if err == nil {
			checkAddresses(t, packages)
		}
	})
}

func FuzzParseAPKINDEX(f *testing.F) {
	f.Add([]byte(apkIndexText))
	f.Add([]byte(apkIndexText + "\n" + strings.Replace(apkIndexText, "P:iptables", "P:..", 1)))
	f.Add([]byte("P:a\n\nV:b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		packages, err := index.ParseAPKINDEX(text, "x86_64", fuzzBase)
		if err == nil {
			checkAddresses(t, packages)
		}
	})
}

func FuzzParsePrimary(f *testing.F) {
	f.Add([]byte(primaryText))
	f.Add([]byte(strings.Replace(primaryText, "(a or b)", "((a or b) if c)", 1)))
	f.Add([]byte(strings.Replace(primaryText, "Packages/", "../", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		packages, err := index.ParsePrimary(text, "x86_64", []string{fuzzBase})
		if err == nil {
			checkAddresses(t, packages)
		}
	})
}

func FuzzParseRepomd(f *testing.F) {
	f.Add([]byte(repomdText))
	f.Add([]byte(strings.Replace(repomdText, "repodata/", "../", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		place, sum, date, err := index.ParseRepomd(text)
		if err != nil {
			return
		}
		if lockfile.CheckPath(place) != nil || path.Clean(place) != place {
			t.Fatalf("primary at %q with sum %q", place, sum)
		}
		if _, err := time.Parse(time.RFC3339, date); date != "" && err != nil {
			t.Fatalf("date %q: %v", date, err)
		}
	})
}

// FuzzVerifyAPKINDEX checks that nothing is accepted without a key, and only what a key signed with it.
func FuzzVerifyAPKINDEX(f *testing.F) {
	key, public, err := fixture.NewAlpineKey(hostileKey, 2048)
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, hostileKey), public, 0o644); err != nil {
		f.Fatal(err)
	}
	keys, err := index.ReadAlpineKeys(dir)
	if err != nil {
		f.Fatal(err)
	}
	// A package begins as an index does. Its signature covers the control stream, so the data is cut after that.
	whole, err := fixture.Package{Name: "a", Version: "1-r0"}.APK(key)
	if err != nil {
		f.Fatal(err)
	}
	signed := whole[:bytes.LastIndex(whole, []byte("\x1f\x8b\x08"))]
	good, _, err := index.VerifyAPKINDEX(signed, keys)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, uint32(0), byte(0))
	f.Add([]byte{}, uint32(len(signed)-1), byte(1))
	f.Add([]byte{}, uint32(20), byte(1))
	f.Add(gzipOf(f, []byte(".SIGN.RSA."+hostileKey)), uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint32, value byte) {
		data = mutated(data, signed, at, value)
		if _, _, err := index.VerifyAPKINDEX(data, index.AlpineKeys{}); err == nil {
			t.Fatal("accepted without a key")
		}
		if rest, _, err := index.VerifyAPKINDEX(data, keys); err == nil && !bytes.Equal(rest, good) {
			t.Fatal("accepted, and something else was signed")
		}
	})
}
