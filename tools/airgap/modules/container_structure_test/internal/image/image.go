// Package image opens the images that a structure test accepts: an OCI layout directory or a `docker save` archive.
package image

import (
	"errors"
	"fmt"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Open reads the one image at path, which must be for the platform (os/architecture[/variant]). If platform is empty, every
// image is accepted.
func Open(path, platform string) (v1.Image, *v1.ConfigFile, error) {
	image, err := open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open image %s: %w", path, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, nil, fmt.Errorf("open image %s: %w", path, err)
	}
	for _, entry := range config.Config.Env {
		if !strings.Contains(entry, "=") {
			return nil, nil, fmt.Errorf("open image %s: variable %q has no value: container-structure-test crashes at it", path, entry)
		}
	}
	if platform == "" {
		return image, config, nil
	}
	wanted, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, nil, fmt.Errorf("platform: %w", err)
	}
	if !fits(config, wanted) {
		return nil, nil, fmt.Errorf("image is for %s, but the test is for %s: set the platform attribute", config.Platform(), platform)
	}
	return image, config, nil
}

func open(path string) (v1.Image, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if !strings.HasSuffix(path, ".tar") {
			return nil, errors.New("neither a layout directory nor a .tar file")
		}
		return tarball.ImageFromPath(path, nil)
	}
	return openLayout(path)
}

// fits compares platforms as an engine does, but does not accept an older variant of ARM.
func fits(config *v1.ConfigFile, wanted *v1.Platform) bool {
	return config.OS == wanted.OS && config.Architecture == wanted.Architecture &&
		variant(config.Architecture, config.Variant) == variant(wanted.Architecture, wanted.Variant)
}

// variant returns the variant, or the architecture's default if none is named (containerd, platforms).
func variant(architecture, named string) string {
	switch {
	case named != "":
		return named
	case architecture == "arm":
		return "v7"
	case architecture == "arm64":
		return "v8"
	}
	return ""
}
