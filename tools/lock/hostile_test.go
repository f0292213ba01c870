package main

import (
	"crypto"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

// TestMessagesStayOnOneLine puts hostile texts of an index into errors, which .ci/relock writes into a pull request.
func TestMessagesStayOnOneLine(t *testing.T) {
	const hostile = "x\x1b[2J\u202e\r\u2028@everyone"
	c, signer := newDebian(t, debianTable)
	c.mustLock()
	next := slices.Clone(debianPackages)
	next[0] += ", " + hostile
	c.debian(signer, next, nil)
	const escaped = `needs [x\x1b[2J\u202e\r\u2028@everyone`
	c.refuses(escaped)
	// One architecture succeeds: then the output contains the error of the other.
	next[0] = debianPackages[0] + ", " + hostile + "-ARCH"
	next = append(next, "Package: odd\nVersion: 1-1\nArchitecture: all\nProvides: "+hostile+"-amd64")
	c.debian(signer, next, nil)
	out, err := c.lock("-keep")
	if err != nil || !strings.Contains(out, "arm64: stays as it was: ") || !strings.Contains(out, escaped+"-arm64") || strings.ContainsAny(out, "\x1b\r\u202e\u2028") {
		t.Errorf("error %v, printed %q", err, out)
	}
}

// TestAlpineArchitecture serves the index of another architecture, with its packages, which the right key signed.
func TestAlpineArchitecture(t *testing.T) {
	c, key := newAlpine(t)
	c.mustLock()
	others := func(architecture string) {
		t.Helper()
		var made []fixture.Package
		for _, p := range alpineMain {
			pkg := p.apk("other")
			pkg.Architecture = architecture
			made = append(made, pkg)
		}
		must(t, fixture.WriteAlpine(filepath.Join(c.repository, "v3.24/main/x86_64"), key, crypto.SHA256, alpineTime, made))
	}
	others("aarch64")
	c.refuses(`architecture "aarch64": want "x86_64" or "noarch"`)
	others("noarch")
	c.mustLock()
}
