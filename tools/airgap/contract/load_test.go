package contract_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

func TestDockerTarball(t *testing.T) {
	path := needs.Variable(t, "LOAD_TARBALL")
	checkDockerTarball(t, path)
	for entryName, entry := range readTar(t, path) {
		header := entry.header
		if header.Uid != 0 || header.Gid != 0 || header.Mode != 0o755 || header.ModTime.Unix() != 1672560000 {
			t.Errorf("%s: owner %d:%d, mode %o, time %v", entryName, header.Uid, header.Gid, header.Mode, header.ModTime)
		}
	}
}

// checkDockerTarball reads the archive as a container engine does, under both of its names.
func checkDockerTarball(t *testing.T, path string) {
	t.Helper()
	_, want := load(t, needs.Variable(t, "BASE"))
	config, err := loadImage(t, needs.Variable(t, "BASE")).ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"example.org/base:one", "example.org/base:two"} {
		tag, err := name.NewTag(text)
		if err != nil {
			t.Fatal(err)
		}
		image, err := tarball.ImageFromPath(path, &tag)
		if err != nil {
			t.Fatalf("image of %s: %v", want.Digest, err)
		}
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, err := image.ConfigName(); err != nil || got != config {
			t.Errorf("%s: config %v (%v), want %v", text, got, err, config)
		}
	}
}

func TestLoadRunsTheLoader(t *testing.T) {
	loaded := filepath.Join(t.TempDir(), "loaded.tar")
	run(t, needs.Variable(t, "LOAD"), []string{"LOADED=" + loaded})
	checkDockerTarball(t, loaded)
}

// run starts a program as `bazel run` does. It finds the runfiles as Bazel's own launchers do.
func run(t *testing.T, program string, env []string, args ...string) string {
	t.Helper()
	command := exec.Command(program, args...)
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, output)
	}
	return string(output)
}

func TestOCITarball(t *testing.T) {
	entries := readTar(t, needs.Variable(t, "LOAD_INDEX_TARBALL"))
	var index v1.IndexManifest
	if err := json.Unmarshal(entries["index.json"].content, &index); err != nil {
		t.Fatal(err)
	}
	_, want := load(t, needs.Variable(t, "INDEX"))
	if len(index.Manifests) != 1 || index.Manifests[0].Digest != want.Digest {
		t.Fatalf("index.json: %+v, want one entry, %s", index.Manifests, want.Digest)
	}
	tag := index.Manifests[0].Annotations["org.opencontainers.image.ref.name"]
	if diff := cmp.Diff("example.org/index:one", tag); diff != "" {
		t.Errorf("name (-want +got):\n%s", diff)
	}
	var names []string
	for entryName, entry := range entries {
		hex := filepath.Base(entryName)
		if filepath.Dir(entryName) != "blobs/sha256" {
			names = append(names, entryName)
			continue
		}
		digest, _, err := v1.SHA256(bytes.NewReader(entry.content))
		if err != nil || digest.Hex != hex {
			t.Errorf("%s has digest %v (%v)", entryName, digest, err)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"index.json", "oci-layout"}, names); diff != "" {
		t.Errorf("entries beside blobs (-want +got):\n%s", diff)
	}
}

type entry struct {
	header  *tar.Header
	content []byte
}

func readTar(t *testing.T, path string) map[string]entry {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries := map[string]entry{}
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		entries[header.Name] = entry{header, content}
	}
}
