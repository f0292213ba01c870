package archive_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// sparse returns a tar of two kilobytes with a sparse file of a terabyte, in GNU tar's format 1.0. archive/tar does not
// write such records, but the records of a PAX header have no checksum and can be edited.
func sparse(t testing.TB) []byte {
	t.Helper()
	return bytes.ReplaceAll(tarOf(t, tar.Header{Name: "x", Size: 512, PAXRecords: map[string]string{
		"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": "huge", "XNU.sparse.realsize": "1099511627776",
	}}), []byte("XNU.sparse"), []byte("GNU.sparse"))
}

// tarOf makes a tar. The contents begin with the map of a sparse file without data.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	files := tar.NewWriter(&out)
	for _, header := range headers {
		if err := files.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		content := append([]byte("0\n"), make([]byte, max(header.Size, 2))...)
		if _, err := files.Write(content[:header.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSparse(t *testing.T) {
	_, err := archive.ReadTar(bytes.NewReader(sparse(t)), archive.NewMeter(archive.DefaultLimits()), true)
	if err == nil || !strings.Contains(err.Error(), "a sparse file of 1099511627776 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestCleanNameRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"a/../b": "leads out", "..": "leads out", "a\nb": "control character", "a\x00": "control character",
		strings.Repeat("a/", 2048): "4096 bytes long", strings.Repeat("a", 256): "a part of 256 bytes",
		strings.Repeat("a/", 129): "129 directories deep",
	} {
		if _, err := archive.CleanName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want %q", name, err, want)
		}
	}
}

// The header of the xz block requests a dictionary of 4 GiB, more than any distribution's package. The reader must
// refuse it before it allocates memory.
func TestXZWindow(t *testing.T) {
	for bits, want := range map[byte]string{
		40: "dictionary size exceeds max", // 4 GiB - 1
		31: "dictionary size exceeds max", // 192 MiB
	} {
		stream, err := archive.Decompress(bytes.NewReader(xzOf(bits)))
		if err == nil {
			_, err = io.ReadAll(stream)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("dictionary size %d: error %v, want %q", bits, err, want)
		}
	}
}

// FuzzReadTar checks that names are clean, types are known, data is within the limit, and every attribute has a name.
func FuzzReadTar(f *testing.F) {
	f.Add(sparse(f), true)
	f.Add(tarOf(f, tar.Header{Name: "./usr/bin/x", Mode: 0o4755, Size: 5, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01"}},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "/x"}, tar.Header{Typeflag: tar.TypeLink, Name: "h", Linkname: "usr/bin/x"}), true)
	f.Add(tarOf(f, tar.Header{Name: strings.Repeat("long/", 50), Typeflag: tar.TypeDir, Format: tar.FormatGNU}), false)
	f.Add(tarOf(f, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "a"}}, tar.Header{Name: "b"}), true)
	f.Fuzz(func(t *testing.T, data []byte, pax bool) {
		const limit = 1 << 16
		files, err := archive.ReadTar(bytes.NewReader(data), archive.NewMeter(archive.Limits{Files: 50, Bytes: limit}), pax)
		if err != nil {
			return
		}
		total := 0
		for _, file := range files {
			total += len(file.Data)
			if name, err := archive.CleanName(file.Name); err != nil || name != file.Name || name == "" {
				t.Errorf("unclean name %q", file.Name)
			}
			if file.Type == 0 || file.Mode&^0o7777 != 0 || file.UID < 0 || file.GID < 0 {
				t.Errorf("file %+v", file)
			}
			if len(file.Xattrs) > 0 && !pax {
				t.Errorf("attributes %q without PAX headers", file.Xattrs)
			}
		}
		if len(files) > 50 || total > limit {
			t.Errorf("%d files, %d bytes", len(files), total)
		}
	})
}

// FuzzDecompress checks that every compressed stream gives data or an error, whatever memory it requests.
func FuzzDecompress(f *testing.F) {
	for _, text := range []string{
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00\x00",
		"BZh91AY&SY\x19\x93\x9bk\x00\x00\x00\x01\x00 \x00 \x00!\x00\x82\xb1w$S\x85\t\x01\x99\x39\xb6\xb0",
		"\x28\xb5\x2f\xfd\x24\x01\x09\x00\x00\x61\x89\xd6\x2e\x8b",
		"]\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x000\xc1\xfb\xff\xff\xff\xe0\x00\x00\x00",
		string(xzOf(22)), string(xzOf(40)), "plain",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		stream, err := archive.Decompress(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer stream.Close()
		meter := archive.NewMeter(archive.Limits{Bytes: 1 << 20})
		if n, err := io.Copy(io.Discard, meter.Reader(stream)); n > 1<<20 {
			t.Errorf("%d bytes, error %v", n, err)
		} else if err != nil && errors.Is(err, io.EOF) {
			t.Errorf("an end that is an error: %v", err)
		}
	})
}

// xzOf returns the beginning of an .xz file: its header, and the header of a block with an LZMA2 dictionary. dictionary
// is the code of its size: 40 is 4 GiB - 1.
func xzOf(dictionary byte) []byte {
	block := []byte{2, 0, 0x21, 1, dictionary, 0, 0, 0}
	return fmt.Appendf(nil, "\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36%s%s\x01\x00\x00a\x00\x00\x00\x00", block, crc32le(block))
}

func crc32le(data []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
}
