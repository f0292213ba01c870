package distros_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
)

func TestRead(t *testing.T) {
	table, err := distros.Read("../../images/distros.bzl")
	if err != nil {
		t.Fatal(err)
	}
	debian := table["debian"]
	if debian.Format != "deb" {
		t.Errorf("debian's format is %q", debian.Format)
	}
	if got := debian.Releases["trixie"].Architectures["arm64"]; got != "arm64" {
		t.Errorf("trixie's name for arm64 is %q", got)
	}
	for name, variant := range debian.Variants {
		if len(variant.Packages) == 0 {
			t.Errorf("variant %s wants no packages", name)
		}
	}
}
