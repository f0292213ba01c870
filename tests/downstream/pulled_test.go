package downstream_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// architectures are those of the bases that are pulled. For each, environment variables name its base, and the layer
// that this module's build has made over it.
var architectures = []string{"amd64", "arm64"}

// TestPulledBase builds the README's example as pasted, which includes that of docs/api.md. A base that oci.pull
// fetches from a registry must get the same layer as a target of this build, with every implementation of rules_oci.
func TestPulledBase(t *testing.T) {
	repository, index := serve(t)
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	inReadme(t, "API")
	w := paste(t, "README", "tests/pulled", "sha256:...", digest.String(), "registry.example/team/iptables", "http://"+repository.Name())
	for _, architecture := range architectures {
		w.add(t, "BUILD.bazel", fmt.Sprintf(`
iptables_wrapper_layer(
    name = "wrapper_%[1]s",
    architecture = "%[1]s",
    base = "@my_base_linux_%[1]s",
)
`, architecture))
		if !bytes.Equal(w.built(t, "//:wrapper_"+architecture), read(t, "LAYER_"+strings.ToUpper(architecture))) {
			t.Errorf("the layer over the pulled base for %s differs from the one over the same base in this build", architecture)
		}
	}

	w.run(t, "build", "//...")
	summary := w.run(t, "test", "//:image_test.files", "--noshow_progress", "--test_summary=short")
	if strings.Count(summary, " PASSED") != 1 {
		t.Errorf("the example's test:\n%s", summary)
	}
	image := load(t, filepath.Join(w.directory, strings.TrimSpace(w.run(t, "cquery", "--output=files", "//:image"))))
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	base := load(t, os.Getenv("BASE_"+strings.ToUpper(runtime.GOARCH)))
	own, err := base.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != len(own)+1 {
		t.Fatalf("the image has %d layers over a base of %d", len(layers), len(own))
	}
	for i, layer := range own {
		if got, want := layerDigest(t, layers[i]), layerDigest(t, layer); got != want {
			t.Errorf("layer %d is %s, and %s in the base", i, got, want)
		}
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}

	t.Run("of another platform", func(t *testing.T) {
		digest, err := load(t, os.Getenv("BASE_AMD64")).Digest()
		if err != nil {
			t.Fatal(err)
		}
		w.add(t, "MODULE.bazel", fmt.Sprintf(`
oci.pull(name = "other", digest = %q, image = %q, platforms = ["linux/arm64"])
use_repo(oci, "other_linux_arm64")
`, digest, "http://"+repository.Name()))
		_, stderr, err := w.try("build", "@other_linux_arm64")
		if err == nil || !strings.Contains(stderr, "amd64") {
			t.Errorf("an amd64 image was taken for one of arm64: %v\n%s", err, stderr)
		}
	})
}

// inReadme fails unless the README contains each paragraph of a page's example, which is a call of a rule or a
// statement of MODULE.bazel.
func inReadme(t *testing.T, document string) {
	t.Helper()
	readme := "\n" + strings.ReplaceAll(string(read(t, "README")), ", \"iptables_wrapper_structure_test\")", ")")
	files := example(t, document)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for _, paragraph := range strings.Split(strings.TrimSpace(files[file]), "\n\n") {
			if !strings.Contains(readme, "\n"+paragraph+"\n") {
				t.Errorf("README.md has no such part in its example, which the example of %s in %s has:\n%s", file, document, paragraph)
			}
		}
	}
}

// serve returns a registry on loopback with an index of both bases.
func serve(t *testing.T) (name.Repository, v1.ImageIndex) {
	t.Helper()
	needs.Variable(t, "BASE_AMD64")
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/team/iptables")
	if err != nil {
		t.Fatal(err)
	}
	var index v1.ImageIndex = empty.Index
	for _, architecture := range architectures {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        load(t, os.Getenv("BASE_"+strings.ToUpper(architecture))),
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	if err := remote.WriteIndex(repository.Tag("latest"), index); err != nil {
		t.Fatal(err)
	}
	return repository, index
}

// load returns the only image of a layout. Its blobs can be symlinks, which go-containerregistry does not follow.
func load(t *testing.T, directory string) v1.Image {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "layout")
	if output, err := exec.Command("cp", "--recursive", "--dereference", directory, whole).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", directory, err, output)
	}
	index, err := layout.ImageIndexFromPath(whole)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func layerDigest(t *testing.T, layer v1.Layer) v1.Hash {
	t.Helper()
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}
