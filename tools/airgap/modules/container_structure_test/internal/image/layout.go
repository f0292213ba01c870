package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layoutImage is the one image of an OCI layout directory. It implements partial.CompressedImageCore.
// go-containerregistry's own layout package cannot be used. Since v0.22 it refuses blobs that are symlinks, but rules_oci
// and Bazel's sandbox both create symlinks.
type layoutImage struct {
	dir        string
	descriptor v1.Descriptor
}

func openLayout(dir string) (v1.Image, error) {
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	if n := len(index.Manifests); n != 1 {
		return nil, fmt.Errorf("OCI layout contains %d entries, expected only one", n)
	}
	if index.Manifests[0].MediaType.IsIndex() {
		return nil, errors.New("multi-arch images are not supported: test the image of each platform")
	}
	return partial.CompressedToImage(layoutImage{dir, index.Manifests[0]})
}

func (i layoutImage) blob(digest v1.Hash) string {
	return filepath.Join(i.dir, "blobs", digest.Algorithm, digest.Hex)
}

func (i layoutImage) MediaType() (types.MediaType, error) {
	return i.descriptor.MediaType, nil
}

func (i layoutImage) RawManifest() ([]byte, error) {
	return os.ReadFile(i.blob(i.descriptor.Digest))
}

func (i layoutImage) RawConfigFile() ([]byte, error) {
	manifest, err := partial.Manifest(i)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(i.blob(manifest.Config.Digest))
}

func (i layoutImage) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	manifest, err := partial.Manifest(i)
	if err != nil {
		return nil, err
	}
	for _, descriptor := range manifest.Layers {
		if descriptor.Digest == digest {
			return layoutLayer{i.blob(digest), descriptor}, nil
		}
	}
	return nil, fmt.Errorf("layer %s is not in the image", digest)
}

// layoutLayer implements partial.CompressedLayer.
type layoutLayer struct {
	file       string
	descriptor v1.Descriptor
}

func (l layoutLayer) Digest() (v1.Hash, error) {
	return l.descriptor.Digest, nil
}

func (l layoutLayer) Compressed() (io.ReadCloser, error) {
	return os.Open(l.file)
}

func (l layoutLayer) Size() (int64, error) {
	return l.descriptor.Size, nil
}

func (l layoutLayer) MediaType() (types.MediaType, error) {
	return l.descriptor.MediaType, nil
}
