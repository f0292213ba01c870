// Package image opens the image that a structure test names: the one image of an OCI layout directory.
package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is an image whose layers are not unpacked yet.
type Image struct {
	Config v1.ConfigFile
	Layers []v1.Layer // lowest first
	Size   int64      // of the compressed layers, in bytes
}

// Open reads the one image of the layout, which must be for the platform (os/architecture[/variant]). If platform is
// empty, every image is accepted. go-containerregistry's own reader cannot be used: it refuses blobs that are symlinks,
// but rules_oci and Bazel's sandbox both create symlinks.
func Open(layout, platform string) (*Image, error) {
	image, err := open(layout)
	if err == nil && platform != "" {
		err = checkPlatform(&image.Config, platform)
	}
	if err != nil {
		return nil, fmt.Errorf("open image %s: %w", layout, err)
	}
	for _, entry := range image.Config.Config.Env {
		if !strings.Contains(entry, "=") {
			return nil, fmt.Errorf("open image %s: variable %q has no value: container-structure-test crashes at it", layout, entry)
		}
	}
	return image, nil
}

func open(layout string) (*Image, error) {
	var index v1.IndexManifest
	if err := readJSON(filepath.Join(layout, "index.json"), &index); err != nil {
		return nil, err
	}
	if n := len(index.Manifests); n != 1 {
		return nil, fmt.Errorf("OCI layout contains %d entries, expected only one", n)
	}
	if index.Manifests[0].MediaType.IsIndex() {
		return nil, errors.New("multi-arch images are not supported: test the image of each platform")
	}
	path := func(digest v1.Hash) string { return filepath.Join(layout, "blobs", digest.Algorithm, digest.Hex) }
	var manifest v1.Manifest
	if err := readJSON(path(index.Manifests[0].Digest), &manifest); err != nil {
		return nil, err
	}
	image := &Image{}
	if err := readJSON(path(manifest.Config.Digest), &image.Config); err != nil {
		return nil, err
	}
	diffIDs := image.Config.RootFS.DiffIDs
	if len(diffIDs) != len(manifest.Layers) {
		return nil, fmt.Errorf("%d layers, but %d diff IDs", len(manifest.Layers), len(diffIDs))
	}
	for i, descriptor := range manifest.Layers {
		layer, err := partial.CompressedToLayer(blob{path(descriptor.Digest), descriptor, diffIDs[i]})
		if err != nil {
			return nil, err
		}
		image.Size += descriptor.Size
		image.Layers = append(image.Layers, layer)
	}
	return image, nil
}

func readJSON(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// blob is a layer of the layout. It implements partial.CompressedLayer, and DiffID, which otherwise would read the layer.
type blob struct {
	path       string
	descriptor v1.Descriptor
	diffID     v1.Hash
}

func (b blob) Digest() (v1.Hash, error)            { return b.descriptor.Digest, nil }
func (b blob) DiffID() (v1.Hash, error)            { return b.diffID, nil }
func (b blob) Size() (int64, error)                { return b.descriptor.Size, nil }
func (b blob) MediaType() (types.MediaType, error) { return b.descriptor.MediaType, nil }
func (b blob) Compressed() (io.ReadCloser, error)  { return os.Open(b.path) }

// checkPlatform compares platforms as an engine does, but does not accept an older variant of ARM.
func checkPlatform(config *v1.ConfigFile, platform string) error {
	wanted, err := v1.ParsePlatform(platform)
	if err != nil {
		return fmt.Errorf("platform: %w", err)
	}
	if config.OS != wanted.OS || config.Architecture != wanted.Architecture ||
		variant(config.Architecture, config.Variant) != variant(wanted.Architecture, wanted.Variant) {
		return fmt.Errorf("image is for %s, but the test is for %s: set the platform attribute", config.Platform(), platform)
	}
	return nil
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
