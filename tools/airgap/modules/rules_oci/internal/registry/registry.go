// Package registry returns the content of a layout as go-containerregistry's images and indexes, which that library
// uploads.
package registry

import (
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
)

// Image returns the image with this descriptor. go-containerregistry's own layout package cannot be used. Since v0.22 it
// refuses blobs that are symlinks, and in a Bazel sandbox all of them are.
func Image(from layout.Dir, descriptor v1.Descriptor) (v1.Image, error) {
	return partial.CompressedToImage(image{from, descriptor})
}

// Index returns the image index with this descriptor.
func Index(from layout.Dir, descriptor v1.Descriptor) v1.ImageIndex {
	return index{from, descriptor}
}

// image implements partial.CompressedImageCore.
type image struct {
	dir        layout.Dir
	descriptor v1.Descriptor
}

func (i image) MediaType() (types.MediaType, error) {
	return i.descriptor.MediaType, nil
}

func (i image) RawManifest() ([]byte, error) {
	return os.ReadFile(i.dir.BlobPath(i.descriptor.Digest))
}

func (i image) RawConfigFile() ([]byte, error) {
	manifest, err := partial.Manifest(i)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(i.dir.BlobPath(manifest.Config.Digest))
}

func (i image) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	manifest, err := partial.Manifest(i)
	if err != nil {
		return nil, err
	}
	for _, descriptor := range append(manifest.Layers, manifest.Config) {
		if descriptor.Digest == digest {
			return layer{i.dir, descriptor}, nil
		}
	}
	return nil, fmt.Errorf("layer %s is not in the image", digest)
}

// layer implements partial.CompressedLayer.
type layer struct {
	dir        layout.Dir
	descriptor v1.Descriptor
}

func (l layer) Digest() (v1.Hash, error) {
	return l.descriptor.Digest, nil
}

func (l layer) Compressed() (io.ReadCloser, error) {
	return os.Open(l.dir.BlobPath(l.descriptor.Digest))
}

func (l layer) Size() (int64, error) {
	return l.descriptor.Size, nil
}

func (l layer) MediaType() (types.MediaType, error) {
	return l.descriptor.MediaType, nil
}

// index implements v1.ImageIndex.
type index struct {
	dir        layout.Dir
	descriptor v1.Descriptor
}

func (i index) MediaType() (types.MediaType, error) {
	return i.descriptor.MediaType, nil
}

func (i index) Digest() (v1.Hash, error) {
	return i.descriptor.Digest, nil
}

func (i index) Size() (int64, error) {
	return i.descriptor.Size, nil
}

func (i index) RawManifest() ([]byte, error) {
	return os.ReadFile(i.dir.BlobPath(i.descriptor.Digest))
}

func (i index) IndexManifest() (*v1.IndexManifest, error) {
	manifest := &v1.IndexManifest{}
	if err := i.dir.ReadJSON(i.descriptor.Digest, manifest); err != nil {
		return nil, err
	}
	return manifest, nil
}

func (i index) Image(digest v1.Hash) (v1.Image, error) {
	descriptor, err := i.child(digest)
	if err != nil {
		return nil, err
	}
	return Image(i.dir, descriptor)
}

func (i index) ImageIndex(digest v1.Hash) (v1.ImageIndex, error) {
	descriptor, err := i.child(digest)
	if err != nil {
		return nil, err
	}
	return Index(i.dir, descriptor), nil
}

func (i index) child(digest v1.Hash) (v1.Descriptor, error) {
	manifest, err := i.IndexManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, descriptor := range manifest.Manifests {
		if descriptor.Digest == digest {
			return descriptor, nil
		}
	}
	return v1.Descriptor{}, fmt.Errorf("%s is not in the index", digest)
}
