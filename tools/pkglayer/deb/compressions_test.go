package deb_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// Reads packages with every compression that dpkg-deb has ever read or written, made by the real compressors. The error
// for another compression names it.
func TestCompressions(t *testing.T) {
	needs.Machine(t, "bzip2", "gzip", "xz", "zstd")
	tarball := func() []byte {
		stream, err := gzip.NewReader(bytes.NewReader(pack(t, []tar.Header{{Name: "./tool", Mode: 0o755, Size: 3}}, "abc")))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(stream)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}()
	for suffix, tool := range map[string][]string{
		"": {"cat"}, ".gz": {"gzip"}, ".xz": {"xz"}, ".zst": {"zstd"}, ".bz2": {"bzip2"}, ".lzma": {"xz", "--format=lzma"}, ".lz4": {"cat"},
	} {
		t.Run("data.tar"+suffix, func(t *testing.T) {
			compress := exec.Command(tool[0], tool[1:]...)
			compress.Stdin = bytes.NewReader(tarball)
			data, err := compress.Output()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			out.WriteString("!<arch>\n")
			member(&out, "debian-binary", []byte("2.0\n"))
			member(&out, "control.tar.gz", pack(t, []tar.Header{{Name: "./control", Mode: 0o644, Size: int64(len(control))}}, control))
			member(&out, "data.tar"+suffix, data)
			pkg, err := read(out.Bytes())
			if suffix == ".lz4" {
				if err == nil || !strings.Contains(err.Error(), `ar member data.tar.lz4: compression ".lz4" is not known`) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(pkg.Files) != 1 || string(pkg.Files[0].Data) != "abc" {
				t.Errorf("files %+v", pkg.Files)
			}
		})
	}
}
