// Package contract_test tests the features of rules_oci that this repository uses, with each module that can provide them.
package contract_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// load copies a layout directory, whose blobs may be symlinks, into plain files. It checks the layout and returns its one
// entry.
func load(t *testing.T, dir string) (v1.ImageIndex, v1.Descriptor) {
	t.Helper()
	plain := t.TempDir()
	// os.DirFS follows symlinks, but os.CopyFS copies them as symlinks. So the blobs are read one by one.
	for _, pattern := range []string{"oci-layout", "index.json", "blobs/sha256/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no %s (%v)", dir, pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			relative, err := filepath.Rel(dir, file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(plain, filepath.Dir(relative)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(plain, relative), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkVersion(t, filepath.Join(plain, "oci-layout"))
	index, err := layout.ImageIndexFromPath(plain)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("index.json has %d entries, want 1", len(manifest.Manifests))
	}
	descriptor := manifest.Manifests[0]
	if len(descriptor.Annotations) > 0 {
		t.Errorf("index.json annotates its entry: %v", descriptor.Annotations)
	}
	return index, descriptor
}

func checkVersion(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var version struct {
		ImageLayoutVersion string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(data, &version); err != nil || version.ImageLayoutVersion != "1.0.0" {
		t.Errorf("%s: %s (%v)", path, data, err)
	}
}

// loadImage checks everything in a layout and returns its single image.
func loadImage(t *testing.T, dir string) v1.Image {
	t.Helper()
	index, descriptor := load(t, dir)
	image, err := index.Image(descriptor.Digest)
	if err != nil {
		t.Fatal(err)
	}
	checkImage(t, image)
	return image
}

// checkImage recomputes every digest, size and diff ID. The validate package assumes that every layer is gzip.
func checkImage(t *testing.T, image v1.Image) {
	t.Helper()
	if err := validate.Image(image, validate.Fast); err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != len(config.RootFS.DiffIDs) {
		t.Fatalf("%d layers, but %d diff IDs", len(layers), len(config.RootFS.DiffIDs))
	}
	for i, layer := range layers {
		packed, size := hash(t, layer.Compressed)
		if want := manifest.Layers[i]; packed != want.Digest || size != want.Size {
			t.Errorf("layer %d is %s of %d bytes, but the manifest says %s of %d", i, packed, size, want.Digest, want.Size)
		}
		if plain, _ := hash(t, layer.Uncompressed); plain != config.RootFS.DiffIDs[i] {
			t.Errorf("layer %d holds a tar %s, but the config says %s", i, plain, config.RootFS.DiffIDs[i])
		}
	}
}

func hash(t *testing.T, open func() (io.ReadCloser, error)) (v1.Hash, int64) {
	t.Helper()
	content, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	digest, size, err := v1.SHA256(content)
	if err != nil {
		t.Fatal(err)
	}
	return digest, size
}

// digestFile reads the output of NAME.digest.
func digestFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(data))
}
