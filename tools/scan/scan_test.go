package main

import (
	"strings"
	"testing"
)

// An image that differs from the lock must be reported.
func TestDifferences(t *testing.T) {
	want := []string{"iptables@1.8.11-2", "libc6@2.41-12"}
	for found, differs := range map[string]string{
		"iptables@1.8.11-2 libc6@2.41-12":               "",
		"iptables@1.8.11-2":                             "-libc6@2.41-12",
		"iptables@1.8.11-1 libc6@2.41-12":               "-iptables@1.8.11-2, +iptables@1.8.11-1",
		"iptables@1.8.11-2 libc6@2.41-12 mawk@1":        "+mawk@1",
		"iptables@1.8.11-2 libc6@2.41-12 libc6@2.41-12": "some twice",
		"libc6@2.41-12":                                 "-iptables@1.8.11-2, no iptables",
		"":                                              "-iptables@1.8.11-2, -libc6@2.41-12, no iptables",
	} {
		if got := strings.Join(differences(want, strings.Fields(found)), ", "); got != differs {
			t.Errorf("found %q: %q, want %q", found, got, differs)
		}
	}
}
