package main

import (
	"crypto"
	"slices"
	"strings"
	"testing"
)

// TestDowngradeDebian serves an older index, signed by the right key, after a newer one was locked.
func TestDowngradeDebian(t *testing.T) {
	c, signer := newDebian(t, debianTable)
	c.mustLock()
	older := slices.Clone(debianPackages)
	older[4] = strings.ReplaceAll(older[4], "2.31-1", "2.31-1~deb1")
	c.debian(signer, older, nil)
	c.refuses("package libc6 for amd64: version 2.31-1~deb1 is lower than the locked 2.31-1: use another mirror")
	if out, err := c.lock("-allow-downgrade"); err != nil || !strings.Contains(out, "amd64:   libc6 2.31-1 -> 2.31-1~deb1\n") {
		t.Errorf("asked for: error %v, printed %q", err, out)
	}
}

// TestDowngradeAlpine does the same with versions whose order differs from Debian's.
func TestDowngradeAlpine(t *testing.T) {
	newer := slices.Clone(alpineMain)
	newer[3].version = "1.2.6-r0"
	c, key := newAlpineOf(t, newer, alpineCommunity)
	c.mustLock()
	older := slices.Clone(alpineMain)
	older[3].version = "1.2.6_rc1-r10"
	putAlpine(c, key, crypto.SHA256, "main", older)
	c.refuses("package musl for x86_64: version 1.2.6_rc1-r10 is lower than the locked 1.2.6-r0")
	if out, err := c.lock("-allow-downgrade"); err != nil || out != "x86_64:   musl 1.2.6-r0 -> 1.2.6_rc1-r10\n" {
		t.Errorf("asked for: error %v, printed %q", err, out)
	}
}
