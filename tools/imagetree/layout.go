package imagetree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxJSON limits the size of index, manifest and configuration. containerd allows 8 MiB (core/remotes/docker,
// MaxManifestSize).
const maxJSON = 8 << 20

// Layout is an OCI layout directory that contains one image. go-containerregistry's reader cannot be used: it refuses
// blobs that are symlinks, and in Bazel's sandbox every file of a directory is a symlink.
type Layout struct {
	dir      string
	manifest *v1.Manifest
	checked  map[v1.Hash]bool // layers whose digests were verified
}

// Open reads the index and the manifest of a layout, and compares the sizes that the manifest states with the blobs.
func Open(dir string) (*Layout, error) {
	name := filepath.Join(dir, "index.json")
	text, err := readJSON(name)
	if err != nil {
		return nil, fmt.Errorf("no OCI layout: %w", err)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(index.Manifests) != 1 || !index.Manifests[0].MediaType.IsImage() {
		return nil, fmt.Errorf("%s: not one image: take the image of one platform", name)
	}
	l := &Layout{dir: dir, checked: map[v1.Hash]bool{}}
	if text, err = l.read("manifest", index.Manifests[0]); err != nil {
		return nil, err
	}
	if l.manifest, err = v1.ParseManifest(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", index.Manifests[0].Digest, err)
	}
	for _, layer := range l.manifest.Layers {
		if err := checkSize(l.path(layer.Digest), layer.Size); err != nil {
			return nil, fmt.Errorf("layer %s: %w", layer.Digest, err)
		}
	}
	return l, nil
}

// Config returns the configuration of the image.
func (l *Layout) Config() (*v1.ConfigFile, error) {
	text, err := l.read("configuration", l.manifest.Config)
	if err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", l.manifest.Config.Digest, err)
	}
	return config, nil
}

// Size returns the compressed size of all layers in bytes. A layer that is used twice counts once.
func (l *Layout) Size() int64 {
	size := int64(0)
	counted := map[v1.Hash]bool{}
	for _, layer := range l.manifest.Layers {
		if !counted[layer.Digest] {
			counted[layer.Digest] = true
			size += layer.Size
		}
	}
	return size
}

// Apply reads all layers into a tree. It verifies the digest of a layer before it parses it.
func (l *Layout) Apply(t *Tree) error {
	for _, layer := range l.manifest.Layers {
		blob, err := l.open(layer)
		if err == nil {
			err = t.Apply(blob)
			blob.Close()
		}
		if err != nil {
			return fmt.Errorf("layer %s: %w", layer.Digest, err)
		}
	}
	return nil
}

func (l *Layout) path(digest v1.Hash) string {
	return filepath.Join(l.dir, "blobs", digest.Algorithm, digest.Hex)
}

func (l *Layout) open(layer v1.Descriptor) (*os.File, error) {
	blob, err := os.Open(l.path(layer.Digest))
	if err != nil || l.checked[layer.Digest] {
		return blob, err
	}
	sum := sha256.New()
	if _, err = io.Copy(sum, blob); err == nil {
		err = compareSum(sum.Sum(nil), layer.Digest)
	}
	if err == nil {
		_, err = blob.Seek(0, io.SeekStart)
	}
	if err != nil {
		blob.Close()
		return nil, err
	}
	l.checked[layer.Digest] = true
	return blob, nil
}

// read returns the content of a small blob.
func (l *Layout) read(what string, d v1.Descriptor) ([]byte, error) {
	text, err := readJSON(l.path(d.Digest))
	if err == nil {
		err = checkSize(l.path(d.Digest), d.Size)
	}
	if err == nil {
		sum := sha256.Sum256(text)
		err = compareSum(sum[:], d.Digest)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, d.Digest, err)
	}
	return text, nil
}

func readJSON(name string) ([]byte, error) {
	size, err := fileSize(name)
	if err != nil {
		return nil, err
	}
	if size > maxJSON {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxJSON)
	}
	return os.ReadFile(name)
}

// fileSize returns the size of a regular file, and an error for other files: opening a pipe could block forever.
func fileSize(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s: not a regular file", name)
	}
	return info.Size(), nil
}

func checkSize(name string, stated int64) error {
	size, err := fileSize(name)
	if err == nil && size != stated {
		err = fmt.Errorf("corrupt: %d bytes, but the manifest states %d", size, stated)
	}
	return err
}

func compareSum(sum []byte, digest v1.Hash) error {
	if got := hex.EncodeToString(sum); digest.Algorithm != "sha256" || got != digest.Hex {
		return fmt.Errorf("corrupt: its sum is sha256:%s", got)
	}
	return nil
}
