package contract_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

func TestImageConfigExtendsBase(t *testing.T) {
	config, err := loadImage(t, needs.Variable(t, "IMAGE")).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		User:         "65534",
		WorkingDir:   "/work",
		Entrypoint:   []string{"/image", "two words", "two\nlines"}, // and no Cmd: a new entrypoint clears it
		Env:          []string{"KEPT=kept", "PATH=/usr/local/bin:/usr/bin", "TWICE=kept-kept"},
		Labels:       map[string]string{"org.example.base": "yes", "org.example.image": "a=b"},
		ExposedPorts: map[string]struct{}{"80/tcp": {}, "443/tcp": {}},
		Volumes:      map[string]struct{}{"/data": {}, "/logs": {}},
	}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if config.OS != "linux" || config.Architecture != "amd64" {
		t.Errorf("platform = %s/%s, want the base's linux/amd64", config.OS, config.Architecture)
	}
}

func TestBaseKeepsItsCommand(t *testing.T) {
	config, err := loadImage(t, needs.Variable(t, "BASE")).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"base-command"}, config.Config.Cmd); diff != "" {
		t.Errorf("cmd, applied after the entrypoint (-want +got):\n%s", diff)
	}
	if !config.Created.Equal(time.Unix(0, 0)) {
		t.Errorf("created = %v, want the epoch", config.Created)
	}
}

func TestVariantAndCreated(t *testing.T) {
	config, err := loadImage(t, needs.Variable(t, "VARIANT")).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Platform().String(); got != "linux/arm/v7" {
		t.Errorf("platform = %s, want linux/arm/v7", got)
	}
	if want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC); !config.Created.Equal(want) {
		t.Errorf("created = %v, want %v", config.Created, want)
	}
}

func TestLayersAreTakenByteForByte(t *testing.T) {
	image := loadImage(t, needs.Variable(t, "IMAGE"))
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(needs.Variable(t, "LAYERS"))
	if len(layers) != len(files) {
		t.Fatalf("%d layers, want %d", len(layers), len(files))
	}
	kinds := []types.MediaType{types.OCILayer, types.OCIUncompressedLayer, types.OCILayerZStd}
	for i, file := range files {
		content, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
		want, _, err := v1.SHA256(content)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := layers[i].Digest(); err != nil || got != want {
			t.Errorf("%s: digest %v (%v), want %v", file, got, err, want)
		}
		if got, err := layers[i].MediaType(); err != nil || got != kinds[i] {
			t.Errorf("%s: media type %v (%v), want %v", file, got, err, kinds[i])
		}
	}
}

func TestHistoryNamesTargets(t *testing.T) {
	config, err := loadImage(t, needs.Variable(t, "IMAGE")).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(needs.Variable(t, "LAYERS"))
	if len(config.History) != len(files) {
		t.Fatalf("%d history entries, want %d", len(config.History), len(files))
	}
	for i, entry := range config.History {
		want := "//tools/airgap/contract:layer_" + strings.ReplaceAll(filepath.Base(files[i]), ".", "_")
		if !strings.HasPrefix(entry.CreatedBy, "bazel build ") || !strings.HasSuffix(entry.CreatedBy, want) {
			t.Errorf("history says %q, want bazel build …%s", entry.CreatedBy, want)
		}
		if !entry.Created.Equal(time.Unix(0, 0)) {
			t.Errorf("history says %v, want the epoch", entry.Created)
		}
	}
}

func TestAnnotationsGoOnTheManifest(t *testing.T) {
	manifest, err := loadImage(t, needs.Variable(t, "IMAGE")).Manifest()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"org.example.base": "yes", "org.example.image": "a=b"}
	if diff := cmp.Diff(want, manifest.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestDigests(t *testing.T) {
	_, image := load(t, needs.Variable(t, "IMAGE"))
	_, again := load(t, needs.Variable(t, "AGAIN"))
	if image.Digest != again.Digest {
		t.Errorf("the same image has digest %s in one directory and %s in another", image.Digest, again.Digest)
	}
	if got := digestFile(t, needs.Variable(t, "IMAGE_DIGEST")); got != image.Digest.String() {
		t.Errorf("digest file says %s, want %s", got, image.Digest)
	}
	if name := filepath.Base(needs.Variable(t, "IMAGE_DIGEST")); name != "image.json.sha256" {
		t.Errorf("digest file is %s, want image.json.sha256", name)
	}
}
