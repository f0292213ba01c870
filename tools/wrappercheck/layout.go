package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A folder is an OCI layout directory with one image. go-containerregistry's own refuses blobs that are links, which is
// how Bazel's sandbox shows every file, and how rules_oci shares blobs with the image below.
type folder struct {
	dir       string
	mediaType types.MediaType
	raw       []byte // manifest
	manifest  *v1.Manifest
}

// open reads the one image of a layout directory.
func open(dir string) (v1.Image, error) {
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, fmt.Errorf("%q: no OCI layout: %w", dir, err)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%q: index.json: %w", dir, err)
	}
	if len(index.Manifests) != 1 || !index.Manifests[0].MediaType.IsImage() {
		return nil, fmt.Errorf("%q: not one image: test the image of each platform by itself", dir)
	}
	l := &folder{dir: dir, mediaType: index.Manifests[0].MediaType}
	if l.raw, err = os.ReadFile(l.path(index.Manifests[0].Digest)); err != nil {
		return nil, err
	}
	if l.manifest, err = v1.ParseManifest(bytes.NewReader(l.raw)); err != nil {
		return nil, fmt.Errorf("%q: manifest: %w", dir, err)
	}
	return partial.CompressedToImage(l)
}

func (l *folder) path(digest v1.Hash) string {
	return filepath.Join(l.dir, "blobs", digest.Algorithm, digest.Hex)
}

// MediaType and the next three are partial.CompressedImageCore.
func (l *folder) MediaType() (types.MediaType, error) { return l.mediaType, nil }

func (l *folder) RawManifest() ([]byte, error) { return l.raw, nil }

func (l *folder) RawConfigFile() ([]byte, error) {
	return os.ReadFile(l.path(l.manifest.Config.Digest))
}

func (l *folder) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	for _, descriptor := range l.manifest.Layers {
		if descriptor.Digest == digest {
			return blob{descriptor, l.path(digest)}, nil
		}
	}
	return nil, fmt.Errorf("%q: no layer %s", l.dir, digest)
}

// A blob is one layer's file.
type blob struct {
	descriptor v1.Descriptor
	path       string
}

// Digest and the next three are partial.CompressedLayer.
func (b blob) Digest() (v1.Hash, error) { return b.descriptor.Digest, nil }

func (b blob) Size() (int64, error) { return b.descriptor.Size, nil }

func (b blob) MediaType() (types.MediaType, error) { return b.descriptor.MediaType, nil }

func (b blob) Compressed() (io.ReadCloser, error) { return os.Open(b.path) }
