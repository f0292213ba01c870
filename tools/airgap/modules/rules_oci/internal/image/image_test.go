package image

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/registry"
)

// emptyTarSize is that of the shortest archive, two blocks of zeros, in bytes.
const emptyTarSize = 1024

func layerFileOf(t *testing.T, suffix string) Layer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer")
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(make([]byte, emptyTarSize)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(packed.Bytes(), suffix...), 0o644); err != nil {
		t.Fatal(err)
	}
	return Layer{Path: path, Label: "//some:layer"}
}

func build(t *testing.T, spec Spec) layout.Dir {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "image")
	if err := Build(spec, dir); err != nil {
		t.Fatal(err)
	}
	return layout.Dir(dir)
}

func root(t *testing.T, dir layout.Dir) v1.Descriptor {
	t.Helper()
	descriptor, err := dir.Root()
	if err != nil {
		t.Fatal(err)
	}
	return descriptor
}

func TestSameInputsSameDigest(t *testing.T) {
	spec := Spec{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Layers: []Layer{layerFileOf(t, "")}}
	first, second := build(t, spec), build(t, spec)
	if root(t, first).Digest != root(t, second).Digest {
		t.Error("two builds of the same image have different digests")
	}
	image, err := registry.Image(first, root(t, first))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
}

func TestDockerBaseStaysDocker(t *testing.T) {
	dir := build(t, Spec{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}})
	var manifest v1.Manifest
	if err := dir.ReadJSON(root(t, dir).Digest, &manifest); err != nil {
		t.Fatal(err)
	}
	manifest.MediaType = types.DockerManifestSchema2
	manifest.Config.MediaType = types.DockerConfigJSON
	manifest.Config.Data = []byte("stale")
	data, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	digest, size, err := dir.Write(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.WriteImageRoot(manifest.MediaType, digest, size); err != nil {
		t.Fatal(err)
	}

	extended := build(t, Spec{Base: string(dir), Layers: []Layer{layerFileOf(t, "")}})
	manifest = v1.Manifest{}
	if err := extended.ReadJSON(root(t, extended).Digest, &manifest); err != nil {
		t.Fatal(err)
	}
	if got := manifest.Layers[0].MediaType; got != types.DockerLayer {
		t.Errorf("layer of a Docker image is %s, want %s", got, types.DockerLayer)
	}
	if len(manifest.Config.Data) > 0 {
		t.Error("the base's embedded config was kept")
	}
}

func TestBuildRefuses(t *testing.T) {
	platform := v1.Platform{OS: "linux", Architecture: "amd64"}
	corrupt := build(t, Spec{Platform: platform})
	if err := os.WriteFile(corrupt.BlobPath(root(t, corrupt).Digest), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, message string
		spec          Spec
	}{
		{"a corrupt base", "the layout is corrupt", Spec{Base: string(corrupt)}},
		{"a missing base", "no such file", Spec{Base: "/nonexistent"}},
		{"a truncated layer", "read layer", Spec{Platform: platform, Layers: []Layer{truncated(t)}}},
		{"garbage after a layer", "read layer", Spec{Platform: platform, Layers: []Layer{layerFileOf(t, "garbage")}}},
		{"no date", "created", Spec{Platform: platform, CreatedFile: text(t, "yesterday")}},
	} {
		err := Build(c.spec, filepath.Join(t.TempDir(), "image"))
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v, want an error that says %q", c.name, err, c.message)
		}
	}
}

func truncated(t *testing.T) Layer {
	t.Helper()
	layer := layerFileOf(t, "")
	if err := os.Truncate(layer.Path, 12); err != nil {
		t.Fatal(err)
	}
	return layer
}
