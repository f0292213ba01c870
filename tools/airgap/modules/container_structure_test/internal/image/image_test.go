package image

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestPlatform(t *testing.T) {
	for _, c := range []struct {
		image, wanted string
		fits          bool
	}{
		{"linux/amd64", "linux/amd64", true},
		{"linux/amd64", "linux/arm64", false},
		{"linux/amd64", "windows/amd64", false},
		{"linux/amd64/v3", "linux/amd64", false},
		{"linux/arm/v7", "linux/arm", true},
		{"linux/arm/v6", "linux/arm", false},
		{"linux/arm64", "linux/arm64/v8", true},
	} {
		image, err := v1.ParsePlatform(c.image)
		if err != nil {
			t.Fatal(err)
		}
		config := &v1.ConfigFile{OS: image.OS, Architecture: image.Architecture, Variant: image.Variant}
		if err := checkPlatform(config, c.wanted); (err == nil) != c.fits {
			t.Errorf("%s for %s: %v, want %v", c.image, c.wanted, err, c.fits)
		}
	}
}
