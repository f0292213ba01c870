package imagetree

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// blob is a descriptor and the content of its file, which can differ.
type blob struct {
	size int
	sum  string
}

func store(t *testing.T, dir string, data []byte) blob {
	t.Helper()
	b := blob{len(data), fmt.Sprintf("%x", sha256.Sum256(data))}
	if err := os.WriteFile(filepath.Join(dir, "blobs/sha256", b.sum), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b blob) json(kind string) string {
	return fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d}`, kind, b.sum, b.size)
}

// layoutOf makes a layout of one image. edit changes the manifest's descriptor of the layer, and the index's descriptor
// of the manifest.
func layoutOf(t *testing.T, layer []byte, edit func(layer, manifest *blob)) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "blobs/sha256"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, config := store(t, dir, layer), store(t, dir, []byte(`{"architecture":"amd64","os":"linux"}`))
	edit(&l, &blob{})
	stated := l.json("layer.v1.tar")
	manifest := store(t, dir, []byte(`{"schemaVersion":2,"config":`+config.json("config.v1+json")+`,"layers":[`+stated+","+stated+"]}"))
	edit(&blob{}, &manifest)
	index := `{"schemaVersion":2,"manifests":[` + manifest.json("manifest.v1+json") + "]}"
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(index), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readLayout(dir string) (*Layout, error) {
	layout, err := Open(dir)
	if err != nil {
		return nil, err
	}
	if _, err := layout.Config(); err != nil {
		return nil, err
	}
	var all contents
	return layout, layout.Apply(New(archive.NewMeter(Limits(layout.Size())), all.keep))
}

func TestLayout(t *testing.T) {
	layer := pack(t, "a=1")
	layout, err := readLayout(layoutOf(t, layer, func(*blob, *blob) {}))
	if err != nil {
		t.Fatal(err)
	}
	if layout.Size() != int64(len(layer)) {
		t.Errorf("a layer of %d bytes, used twice, counts %d", len(layer), layout.Size())
	}
}

func TestLayoutRefuses(t *testing.T) {
	layer := pack(t, "a=1")
	other := strings.Repeat("0", 64)
	for name, test := range map[string]struct {
		edit func(layer, manifest *blob)
		want string
	}{
		"larger layer stated":  {func(l, _ *blob) { l.size = 1 << 40 }, "corrupt: 2048 bytes, but the manifest states 1099511627776"},
		"smaller layer stated": {func(l, _ *blob) { l.size-- }, "corrupt: 2048 bytes, but the manifest states 2047"},
		"no size":              {func(l, _ *blob) { l.size = -1 }, "corrupt: 2048 bytes, but the manifest states -1"},
		"missing layer":        {func(l, _ *blob) { l.sum = other }, "no such file"},
		"digest that climbs":   {func(l, _ *blob) { l.sum = "../../index.json" }, "found non-hex character"},
		"manifest's size":      {func(_, m *blob) { m.size++ }, "corrupt"},
		"missing manifest":     {func(_, m *blob) { m.sum = other }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readLayout(layoutOf(t, layer, test.edit))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// A blob of any kind whose digest does not match its name is not parsed.
func TestLayoutWithOtherBlobs(t *testing.T) {
	dir := layoutOf(t, pack(t, "a=1"), func(*blob, *blob) {})
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs/sha256/*"))
	if err != nil || len(blobs) != 3 {
		t.Fatalf("blobs %q (%v)", blobs, err)
	}
	for _, name := range blobs {
		good, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		if err := os.WriteFile(name, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readLayout(dir); err == nil || !strings.Contains(err.Error(), "corrupt: its sum is") {
			t.Errorf("a bit changed: error %v", err)
		}
		os.Remove(name)
		if err := syscall.Mkfifo(name, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readLayout(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("a pipe: error %v", err)
		}
		os.Remove(name)
		if err := os.WriteFile(name, good, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
