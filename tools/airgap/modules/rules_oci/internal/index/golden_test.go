package index

import (
	"embed"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/image"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
)

//go:embed testdata
var testdata embed.FS

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// same compares a blob with a file of testdata, byte for byte.
func same(t *testing.T, dir layout.Dir, digest v1.Hash, golden string) {
	t.Helper()
	got, err := os.ReadFile(dir.BlobPath(digest))
	if err != nil {
		t.Fatal(err)
	}
	want, err := testdata.ReadFile("testdata/" + golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s: is\n%s, want\n%s", golden, got, want)
	}
}

func buildImage(t *testing.T, name string, spec image.Spec) string {
	t.Helper()
	// Two blocks of zeros are the shortest archive.
	spec.Layers = []image.Layer{{Path: file(t, string(make([]byte, 1024))), Label: "//some:layer"}}
	path := filepath.Join(t.TempDir(), name)
	if err := image.Build(spec, path); err != nil {
		t.Fatal(err)
	}
	dir := layout.Dir(path)
	root, err := dir.Root()
	if err != nil {
		t.Fatal(err)
	}
	var manifest v1.Manifest
	if err := dir.ReadJSON(root.Digest, &manifest); err != nil {
		t.Fatal(err)
	}
	same(t, dir, root.Digest, name+".manifest.json")
	same(t, dir, manifest.Config.Digest, name+".config.json")
	return path
}

// TestSameBytes compares images and an index with those that rules_oci 2.3.0's own scripts made from the same attributes,
// with regctl 0.8.0 and jq 1.8. README.md describes how to compare again.
func TestSameBytes(t *testing.T) {
	scratch := buildImage(t, "scratch", image.Spec{
		Platform:         v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"},
		CreatedFile:      file(t, "2026-01-02T03:04:05.678Z"),
		EntrypointFile:   file(t, "/run\ntwo words\ntwo%5Cnlines"),
		CmdFile:          file(t, "a\n<&>é\"\\"),
		ExposedPortsFile: file(t, "80/tcp,53/udp"),
		VolumesFile:      file(t, "/z,/a"),
		EnvFile:          file(t, "B=1\nPATH=/bin\nA=$B-${PATH}"),
		LabelsFile:       file(t, "l=1\nk=2=3"),
		AnnotationsFile:  file(t, "x=y"),
		User:             "65534",
		Workdir:          "/work",
	})
	extended := buildImage(t, "extended", image.Spec{
		Base:            scratch,
		EntrypointFile:  file(t, "/other"),
		VolumesFile:     file(t, "/a,/b"),
		EnvFile:         file(t, "PATH=/usr/bin:$PATH\nNEW=$A"),
		LabelsFile:      file(t, "k=9\nnew=1"),
		AnnotationsFile: file(t, "more=1"),
	})
	joined := filepath.Join(t.TempDir(), "index")
	if err := Build([]string{scratch, extended}, joined); err != nil {
		t.Fatal(err)
	}
	root, err := layout.Dir(joined).Root()
	if err != nil {
		t.Fatal(err)
	}
	same(t, layout.Dir(joined), root.Digest, "index.json")
}
