package images_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

func TestRead(t *testing.T) {
	table, err := images.Read("distros.generated.json")
	if err != nil {
		t.Fatal(err)
	}
	debian := table["debian"]
	if debian.Format != "deb" {
		t.Errorf("debian's format is %q", debian.Format)
	}
	if got := debian.Releases["trixie"].Architectures["arm/v7"]; got != "armhf" {
		t.Errorf("trixie's name for arm/v7 is %q", got)
	}
	for name, variant := range debian.Variants {
		if len(variant.Packages) == 0 {
			t.Errorf("variant %s wants no packages", name)
		}
	}
}
