package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func TestTruncatedAnywhere(t *testing.T) {
	for format, whole := range formats(t, tool(strings.Repeat("content of some length ", 200))) {
		cuts := []int{0, 1, 7, 8, len(whole) - 1}
		for i := range 12 {
			cuts = append(cuts, len(whole)*i/12)
		}
		for _, cut := range cuts {
			t.Run(fmt.Sprintf("%s at %d", format, cut), func(t *testing.T) {
				refused(t, format+":", save(t, "cut"+format, whole[:cut]))
			})
		}
	}
}

func TestCorrupt(t *testing.T) {
	for format, whole := range formats(t, tool(strings.Repeat("x", 3000))) {
		t.Run(format+" content", func(t *testing.T) {
			// In every format, the byte at this offset is in the last stream's compressed content or checksum.
			bad := bytes.Clone(whole)
			bad[len(bad)-10] ^= 0x55
			refused(t, format+":", save(t, "bad"+format, bad))
		})
		t.Run(format+" magic number", func(t *testing.T) {
			refused(t, format+":", save(t, "bad"+format, append([]byte("\x7fELF"), whole[4:]...)))
		})
	}
	t.Run("unknown format", func(t *testing.T) {
		refused(t, "none of .apk, .deb, .rpm", save(t, "package.zip", []byte("PK\x03\x04")))
	})
}

func TestHostileNames(t *testing.T) {
	for _, row := range []struct {
		name, want string
		entries    []entry
	}{
		{"climbing", "leads out of the root", []entry{{tar.Header{Name: "usr/../../../etc/passwd", Mode: 0o644}, "evil"}}},
		{"newline", "control character", []entry{{tar.Header{Name: "usr/a\nb", Mode: 0o644}, "x"}}},
		{"file below a file", "is no directory", []entry{tool("x"), {tar.Header{Name: "usr/bin/tool/x", Mode: 0o644}, "x"}}},
		{"link to itself", "too many links", []entry{
			{tar.Header{Typeflag: tar.TypeSymlink, Name: "loop", Linkname: "loop"}, ""},
			{tar.Header{Name: "loop/x", Mode: 0o644}, "x"},
		}},
	} {
		for format, data := range formats(t, row.entries...) {
			t.Run(row.name+format, func(t *testing.T) { refused(t, row.want, save(t, "hostile"+format, data)) })
		}
	}
}

func TestHostileTarEntries(t *testing.T) {
	for _, row := range []struct {
		name, want string
		header     tar.Header
	}{
		{"character device", "device node", tar.Header{Typeflag: tar.TypeChar, Name: "dev/mem", Devmajor: 1, Devminor: 1}},
		{"block device", "device node", tar.Header{Typeflag: tar.TypeBlock, Name: "dev/sda", Devmajor: 8}},
		{"pipe", "device node or pipe", tar.Header{Typeflag: tar.TypeFifo, Name: "run/pipe"}},
		{"hard link to nothing", "no regular file of the package", tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"}},
		{"hard link out", "leads out of the root", tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "../../etc/shadow"}},
		{"link to nothing", "symlink target", tar.Header{Typeflag: tar.TypeSymlink, Name: "a"}},
	} {
		data := pack(t, true, entry{row.header, ""})
		t.Run(row.name+".deb", func(t *testing.T) { refused(t, row.want, save(t, "hostile.deb", debOf(t, data))) })
		t.Run(row.name+".apk", func(t *testing.T) { refused(t, row.want, save(t, "hostile.apk", apkOf(t, data))) })
	}
}

func TestFileTwice(t *testing.T) {
	data := pack(t, true, tool("one"), tool("two"))
	refused(t, "twice in one package", save(t, "twice.deb", debOf(t, data)))
	refused(t, "twice in one package", save(t, "twice.apk", apkOf(t, data)))
}

// exabytes returns a tar whose only file states a size of nearly eight exabytes.
func exabytes(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	stream := gzip.NewWriter(&out)
	if err := tar.NewWriter(stream).WriteHeader(&tar.Header{Name: "huge", Size: 1<<63 - 1, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAbsurdSizes(t *testing.T) {
	t.Run("claimed.deb", func(t *testing.T) { refused(t, "too large", save(t, "huge.deb", debOf(t, exabytes(t)))) })
	t.Run("claimed.apk", func(t *testing.T) { refused(t, "too large", save(t, "huge.apk", apkOf(t, exabytes(t)))) })
	bomb := strings.Repeat("\x00", 257<<20)
	for format, data := range formats(t, tool(bomb)) {
		if len(data) > 2<<20 {
			t.Fatalf("%s: %d bytes are no bomb", format, len(data))
		}
		t.Run("unpacked"+format, func(t *testing.T) { refused(t, "too large", save(t, "bomb"+format, data)) })
	}
}

// In a package, a sparse file of a terabyte takes half a kilobyte.
func TestSparseFile(t *testing.T) {
	stream, err := gzip.NewReader(bytes.NewReader(pack(t, true, entry{tar.Header{Name: "huge", PAXRecords: map[string]string{
		"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": "huge", "XNU.sparse.realsize": "1099511627776",
	}}, "0\n" + strings.Repeat("\x00", 510)})))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	// archive/tar does not write such records, but the records of a PAX header have no checksum and can be edited.
	var data bytes.Buffer
	compressed := gzip.NewWriter(&data)
	if _, err := compressed.Write(bytes.ReplaceAll(text, []byte("XNU.sparse"), []byte("GNU.sparse"))); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "a sparse file of 1099511627776 bytes", save(t, "sparse.apk", apkOf(t, data.Bytes())))
	refused(t, "a sparse file of 1099511627776 bytes", save(t, "sparse.deb", debOf(t, data.Bytes())))
}

func TestPackagesThatDisagree(t *testing.T) {
	one, other := formats(t, tool("one")), formats(t, tool("other"))
	for format := range one {
		t.Run(format, func(t *testing.T) {
			refused(t, "disagree about it", save(t, "one"+format, one[format]), save(t, "other"+format, other[format]))
		})
	}
}
