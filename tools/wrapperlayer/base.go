package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// unpackBase unpacks the one image of an OCI layout directory, or a single layer tar, into root. The tree then knows
// every path of it.
func unpackBase(tree *layer.Tree, base, root string) error {
	info, err := os.Stat(base)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		file, err := os.Open(base)
		if err != nil {
			return err
		}
		defer file.Close()
		return tree.Unpack(file, root)
	}
	manifest, err := readManifest(base)
	if err != nil {
		return err
	}
	for _, l := range manifest.Layers {
		if err := unpackBlob(tree, base, root, l.Digest); err != nil {
			return err
		}
	}
	return nil
}

// compressed is the size of a base's layers as they are.
func compressed(base string) (int64, error) {
	info, err := os.Stat(base)
	if err != nil {
		return 0, err
	}
	if !info.IsDir() {
		return info.Size(), nil
	}
	manifest, err := readManifest(base)
	if err != nil {
		return 0, err
	}
	size := int64(0)
	for _, l := range manifest.Layers {
		size += l.Size
	}
	return size, nil
}

// readManifest finds the one image of a layout. go-containerregistry's own layout reader is not used, since it refuses
// blobs that are links: Bazel's sandbox shows every file of a directory as one.
func readManifest(base string) (*v1.Manifest, error) {
	name := filepath.Join(base, "index.json")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("no OCI layout: %w", err)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(index.Manifests) != 1 || !index.Manifests[0].MediaType.IsImage() {
		return nil, fmt.Errorf("%s: one image is needed, no index: take the image of one platform", name)
	}
	blob, err := os.ReadFile(blobPath(base, index.Manifests[0].Digest))
	if err != nil {
		return nil, err
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(blob))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", index.Manifests[0].Digest, err)
	}
	return manifest, nil
}

func blobPath(base string, digest v1.Hash) string {
	return filepath.Join(base, "blobs", digest.Algorithm, digest.Hex)
}

func unpackBlob(tree *layer.Tree, base, root string, digest v1.Hash) error {
	blob, err := os.Open(blobPath(base, digest))
	if err != nil {
		return err
	}
	defer blob.Close()
	sum := sha256.New()
	content := io.TeeReader(blob, sum)
	if err := tree.Unpack(content, root); err != nil {
		return fmt.Errorf("layer %s: %w", digest, err)
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest.Hex {
		return fmt.Errorf("layer %s: corrupt: its sum is %s", digest, got)
	}
	return nil
}
