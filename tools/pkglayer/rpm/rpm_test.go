package rpm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/rpmpack"
	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

func TestRead(t *testing.T) {
	for _, compressor := range []string{"gzip", "xz", "zstd"} {
		pkg, err := read(build(t, compressor, example()...))
		if err != nil {
			t.Fatalf("%s: %v", compressor, err)
		}
		var got []string
		for _, f := range pkg.Files {
			got = append(got, fmt.Sprintf("%s %d %04o %s %d", f.Name, f.Type, f.Mode, f.Link, len(f.Data)))
		}
		want := []string{"usr/sbin 2 0755  0", "usr/sbin/link 3 0777 tool 0", "usr/sbin/tool 1 4755  4000"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: files %q, want %q", compressor, got, want)
		}
		if pkg.Name+" "+pkg.Version+" "+pkg.Architecture != "example 1.2-3 x86_64" {
			t.Errorf("%s: package %s %s %s", compressor, pkg.Name, pkg.Version, pkg.Architecture)
		}
		if pkg.Source != "example-1.2-3.src.rpm" || pkg.License != "Apache-2.0" {
			t.Errorf("%s: source %q, license %q", compressor, pkg.Source, pkg.License)
		}
	}
}

// linked returns a package with two names of one inode, as rpmbuild writes it: the first name has its size in the
// header, but no content in the payload. size is the first name's size in the header.
func linked(t *testing.T, size uint32) []byte {
	t.Helper()
	data := unsigned(t, build(t, "gzip",
		rpmpack.RPMFile{Name: "/usr/bin/first", Mode: 0o100755},
		rpmpack.RPMFile{Name: "/usr/bin/second", Mode: 0o100755, Body: []byte("content")}))
	inodes := value(t, data, rpmutils.FILEINODES)
	data = patch(data, inodes, binary.BigEndian.Uint32(data[inodes+4:]))
	return patch(data, value(t, data, rpmutils.FILESIZES), size)
}

func TestHardLinks(t *testing.T) {
	pkg, err := read(linked(t, 7))
	if err != nil {
		t.Fatal(err)
	}
	if len(pkg.Files) != 2 {
		t.Fatalf("%d files, want 2", len(pkg.Files))
	}
	first, second := pkg.Files[0], pkg.Files[1]
	if first.Type != archive.Hardlink || first.Link != second.Name || second.Type != archive.Regular || string(second.Data) != "content" {
		t.Errorf("read %+v and %+v", first, second)
	}
}

func TestReadRefuses(t *testing.T) {
	good := build(t, "gzip", example()...)
	one := func(name string, mode uint, size int) []byte {
		return build(t, "gzip", rpmpack.RPMFile{Name: name, Mode: mode, Body: make([]byte, size)})
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "not an RPM package"},
		"another magic": {append([]byte("PK\x03\x04"), good[4:]...), "not an RPM package"},
		"only a lead":   {good[:leadSize], "signature: truncated"},
		"no header":     {good[:bytes.LastIndex(good, []byte{0x8e, 0xad, 0xe8, 1})], "header: truncated"},
		"cut payload":   {good[:len(good)-9], "truncated or corrupt"},
		"another sum":   {flip(good, len(good)-20), "truncated or corrupt"},
		"4 GB header":   {patch(good, leadSize+12, 0xfffffff0), "signature: truncated"},
		"too many tags": {patch(good, leadSize+8, 0xffffffff), "signature: corrupt"},
		"climbing name": {one("/usr/../../etc/passwd", 0o100644, 1), "leads out of the root"},
		"device":        {remode(t, good, 0o20644), "device node"},
		"pipe":          {remode(t, good, 0o10644), "device node or pipe"},
		"larger inside": {resize(t, good, 3), "bytes, but the header states"},
		"exabytes":      {resize(t, good, 0x7fffffff), "too large"},
		"bomb":          {one("/bomb", 0o100644, 2<<20), "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(test.data)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

func patch(data []byte, at int, value uint32) []byte {
	data = bytes.Clone(data)
	binary.BigEndian.PutUint32(data[at:], value)
	return data
}

// remode changes the mode of the last but one file, a regular file, in the header.
func remode(t *testing.T, data []byte, mode uint16) []byte {
	data = unsigned(t, data)
	binary.BigEndian.PutUint16(data[value(t, data, rpmutils.FILEMODES)+2*2:], mode)
	return data
}

// resize changes the size of the same file in the header.
func resize(t *testing.T, data []byte, size uint32) []byte {
	data = unsigned(t, data)
	return patch(data, value(t, data, rpmutils.FILESIZES)+4*2, size)
}

// unsigned removes the checksums of the header, so that the reader does not refuse a changed header because of them.
func unsigned(t testing.TB, data []byte) []byte {
	t.Helper()
	data = bytes.Clone(data)
	const unknown = 1
	for i := range binary.BigEndian.Uint32(data[leadSize+8:]) {
		binary.BigEndian.PutUint32(data[leadSize+introSize+entrySize*int(i):], unknown)
	}
	return data
}

// value returns the offset of a tag's value in the main header.
func value(t *testing.T, data []byte, tag uint32) int {
	t.Helper()
	begin := bytes.LastIndex(data, []byte{0x8e, 0xad, 0xe8, 1})
	tags := int(binary.BigEndian.Uint32(data[begin+8:]))
	for i := range tags {
		entry := data[begin+introSize+entrySize*i:]
		if binary.BigEndian.Uint32(entry) == tag {
			return begin + introSize + entrySize*tags + int(binary.BigEndian.Uint32(entry[8:]))
		}
	}
	t.Fatalf("no tag %d", tag)
	return 0
}

// Whatever a header contains, Read must return a package or an error, and must not panic.
func TestReadSurvivesEveryHeaderWord(t *testing.T) {
	good := unsigned(t, build(t, "gzip", example()...))
	end, err := CheckHeaders(good)
	if err != nil {
		t.Fatal(err)
	}
	for at := leadSize; at+4 <= end; at += 4 {
		for _, value := range []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff} {
			if pkg, err := read(patch(good, at, value)); err == nil {
				checkClean(t, pkg)
			}
		}
	}
}

func checkClean(t *testing.T, pkg *archive.Package) {
	t.Helper()
	for _, file := range pkg.Files {
		if name, err := archive.CleanName(file.Name); err != nil || name != file.Name || name == "" {
			t.Errorf("unclean name %q", file.Name)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, compressor := range []string{"gzip", "zstd"} {
		f.Add(build(f, compressor, example()...))
		f.Add(unsigned(f, build(f, compressor, example()...)))
	}
	for _, name := range []string{"lzma", "format6"} {
		data, err := os.ReadFile("testdata/" + name + ".rpm")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(unsigned(f, data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if pkg, err := read(data); err == nil {
			checkClean(t, pkg)
		}
	})
}
