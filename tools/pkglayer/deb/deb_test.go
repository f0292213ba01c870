package deb_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

const control = "Package: example\nSource: source (2.3-4)\nVersion: 1:2.3-4\nArchitecture: amd64\nDescription: an example\n of two lines\n"

// build writes a package with these data files, without code of the reader under test.
func build(t testing.TB, files ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	member(&out, "debian-binary", []byte("2.0\n"))
	member(&out, "control.tar.gz", pack(t, []tar.Header{{Name: "./control", Mode: 0o644, Size: int64(len(control))}}, control))
	member(&out, "data.tar.gz", pack(t, files, ""))
	return out.Bytes()
}

func member(out *bytes.Buffer, name string, data []byte) {
	fmt.Fprintf(out, "%-16s%-12s%-6s%-6s%-8s%-10d`\n", name, "0", "0", "0", "100644", len(data))
	out.Write(data)
	if len(data)%2 == 1 {
		out.WriteByte('\n')
	}
}

func pack(t testing.TB, files []tar.Header, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	stream := tar.NewWriter(compressed)
	for _, header := range files {
		if err := stream.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == 0 || header.Typeflag == tar.TypeReg {
			if content == "" {
				content = strings.Repeat("x", int(header.Size))
			}
			if _, err := io.WriteString(stream, content[:header.Size]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(stream.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(data []byte) (*archive.Package, error) {
	return deb.Read(bytes.NewReader(data), archive.Limits{Files: 10, Bytes: 1 << 20})
}

func TestRead(t *testing.T) {
	pkg, err := read(build(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeDir, Name: "./usr/", Mode: 0o755},
		tar.Header{Name: "./usr/tool", Mode: 0o4755, Uid: 3, Gid: 42, Size: 5},
		tar.Header{Typeflag: tar.TypeLink, Name: "./usr/same", Linkname: "./usr/tool"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "./usr/link", Linkname: "../etc/x"},
	))
	if err != nil {
		t.Fatal(err)
	}
	if pkg.Name != "example" || pkg.Version != "1:2.3-4" || pkg.Architecture != "amd64" {
		t.Errorf("package is %s %s %s", pkg.Name, pkg.Version, pkg.Architecture)
	}
	if pkg.Source != "source (2.3-4)" {
		t.Errorf("source %q", pkg.Source)
	}
	want := []string{
		"usr directory 0755 0:0 0 bytes",
		"usr/tool file 4755 3:42 5 bytes",
		"usr/same hard link to usr/tool 0000 0:0 0 bytes",
		"usr/link link to ../etc/x 0777 0:0 0 bytes",
	}
	kinds := map[archive.Type]string{
		archive.Regular: "file", archive.Directory: "directory", archive.Symlink: "link to ", archive.Hardlink: "hard link to ",
	}
	for i, f := range pkg.Files {
		got := fmt.Sprintf("%s %s%s %04o %d:%d %d bytes", f.Name, kinds[f.Type], f.Link, f.Mode, f.UID, f.GID, len(f.Data))
		if got != want[i] {
			t.Errorf("file %d is %q, want %q", i, got, want[i])
		}
	}
	if len(pkg.Files) != len(want) {
		t.Errorf("%d files, want %d", len(pkg.Files), len(want))
	}
}

func TestReadRefuses(t *testing.T) {
	good := build(t, tar.Header{Name: "./tool", Mode: 0o755, Size: 5000})
	many := make([]tar.Header, 11)
	for i := range many {
		many[i] = tar.Header{Name: fmt.Sprintf("./f%d", i), Mode: 0o644}
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":           {nil, "no ar archive"},
		"no archive":      {[]byte("PK\x03\x04 something else"), "no ar archive"},
		"cut in data":     {good[:len(good)-9], "data.tar"},
		"cut in control":  {good[:160], "control.tar"},
		"no data":         {good[:bytes.Index(good, []byte("data.tar"))], "data.tar: missing"},
		"climbing name":   {build(t, tar.Header{Name: "./../../etc/passwd", Mode: 0o644}), "leads out of the root"},
		"newline in name": {build(t, tar.Header{Name: "./a\nb", Mode: 0o644}), "control character"},
		"device":          {build(t, tar.Header{Typeflag: tar.TypeChar, Name: "./dev/mem"}), "device node"},
		"pipe":            {build(t, tar.Header{Typeflag: tar.TypeFifo, Name: "./p"}), "device node or pipe"},
		"stray hard link": {build(t, tar.Header{Typeflag: tar.TypeLink, Name: "./l", Linkname: "./nowhere"}), "no regular file"},
		"twice":           {build(t, tar.Header{Name: "./a"}, tar.Header{Name: "./a"}), "twice"},
		"too large":       {build(t, tar.Header{Name: "./bomb", Size: 2 << 20}), "too large"},
		"too many files":  {build(t, many...), "too large"},
		"absurd ar size":  {bytes.Replace(good, []byte("4         `"), []byte("9999999999`"), 1), "debian-binary"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(test.data)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestReadFlippedBit(t *testing.T) {
	good := build(t, tar.Header{Name: "./tool", Mode: 0o755, Size: 5000})
	at := bytes.Index(good, []byte("data.tar")) + 60 + 20
	good[at] ^= 1
	if _, err := read(good); err == nil {
		t.Error("a corrupt data.tar is accepted")
	}
}

func FuzzRead(f *testing.F) {
	var seed bytes.Buffer
	seed.WriteString("!<arch>\n")
	member(&seed, "debian-binary", []byte("2.0\n"))
	member(&seed, "control.tar", []byte(control))
	member(&seed, "data.tar", nil)
	f.Add(seed.Bytes())
	f.Add(build(f, tar.Header{Name: "./usr/tool", Mode: 0o755, Size: 9}, tar.Header{Typeflag: tar.TypeSymlink, Name: "./l", Linkname: "usr/tool"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		pkg, err := read(data)
		if err != nil {
			return
		}
		for _, file := range pkg.Files {
			if name, err := archive.CleanName(file.Name); err != nil || name != file.Name {
				t.Errorf("unclean name %q", file.Name)
			}
		}
	})
}

// A field of 300,000 lines took minutes when each line was appended to a copy of the value.
func TestParagraphIsLinear(t *testing.T) {
	text := "Package: example\nDescription: long\n" + strings.Repeat(" x\n", 300_000)
	done := make(chan error, 1)
	go func() {
		fields, err := deb.Paragraph([]byte(text))
		if err == nil && len(fields["Description"]) != len("long")+3*300_000 {
			err = fmt.Errorf("the field has %d bytes", len(fields["Description"]))
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("not read after 10 seconds")
	}
}

func FuzzParagraph(f *testing.F) {
	f.Add([]byte(control))
	f.Fuzz(func(t *testing.T, text []byte) {
		if fields, err := deb.Paragraph(text); err == nil && len(text) > 0 && len(fields) == 0 {
			t.Errorf("%q has no fields and no error", text)
		}
	})
}
