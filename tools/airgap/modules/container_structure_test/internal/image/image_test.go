package image

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

func TestPlatform(t *testing.T) {
	for _, c := range []struct {
		image, wanted string
		fits          bool
	}{
		{"linux/amd64", "linux/amd64", true},
		{"linux/amd64", "linux/arm64", false},
		{"linux/amd64", "windows/amd64", false},
		{"linux/amd64/v3", "linux/amd64", false},
		{"linux/arm/v7", "linux/arm", true},
		{"linux/arm/v6", "linux/arm", false},
		{"linux/arm64", "linux/arm64/v8", true},
	} {
		image, err := v1.ParsePlatform(c.image)
		if err != nil {
			t.Fatal(err)
		}
		config := &v1.ConfigFile{OS: image.OS, Architecture: image.Architecture, Variant: image.Variant}
		if err := checkPlatform(config, c.wanted); (err == nil) != c.fits {
			t.Errorf("%s for %s: %v, want %v", c.image, c.wanted, err, c.fits)
		}
	}
}

// A layer of each compression has the same content, also if the blob is a symlink.
func TestUncompressed(t *testing.T) {
	const want = "the content of a layer"
	dir := t.TempDir()
	for name, compress := range map[string]func(io.Writer) (io.WriteCloser, error){
		"plain": func(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil },
		"gzip":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"zstd":  func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		var packed bytes.Buffer
		writer, err := compress(&packed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(writer, want); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, path+"-link"); err != nil {
			t.Fatal(err)
		}
		reader, err := uncompressed(path + "-link")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(reader); err != nil || string(got) != want {
			t.Errorf("%s: %q (%v), want %q", name, got, err, want)
		}
		reader.Close()
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
