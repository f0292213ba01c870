package main

import (
	"io"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
)

// boots returns the boots of all module sets on kernels of amd64 with these releases.
func boots(releases ...string) []*block {
	var all []*block
	for _, release := range releases {
		for _, m := range moduleSets() {
			all = append(all, &block{kernel: &kernel.Kernel{Release: release}, machine: "amd64", image: image{architecture: "amd64"}, modules: m})
		}
	}
	return all
}

// TestPairs checks that the cells of the whole matrix test every pair of values of two dimensions.
func TestPairs(t *testing.T) {
	var out strings.Builder
	if err := writePairs(&out, boots("5.10", "6.1", "6.12", "7.2")); err != nil {
		t.Errorf("%v:", err)
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "NONE") {
				t.Log(line)
			}
		}
	}
}

// TestPairsWithoutBoot checks that a missing boot is detected.
func TestPairsWithoutBoot(t *testing.T) {
	for i, b := range boots("5.10") {
		rest := boots("5.10", "6.12")
		if err := writePairs(io.Discard, append(rest[:i:i], rest[i+1:]...)); err == nil {
			t.Errorf("no error without the boot %s", b.name())
		}
	}
}
