package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/rpmpack"
	"github.com/klauspost/compress/gzip"
)

type entry struct {
	tar.Header
	data string
}

// pack compresses a tar. finish adds the end marks.
func pack(t *testing.T, finish bool, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	stream := gzip.NewWriter(&out)
	files := tar.NewWriter(stream)
	for _, e := range entries {
		e.Size = int64(len(e.data))
		if err := files.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	end := files.Flush
	if finish {
		end = files.Close
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func debOf(t *testing.T, data []byte) []byte {
	t.Helper()
	control := pack(t, true, entry{tar.Header{Name: "./control"}, "Package: example\nVersion: 1.2-3\nArchitecture: amd64\n"})
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	for _, member := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", control}, {"data.tar.gz", data}} {
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", member.name, 0, 0, 0, "100644", len(member.data))
		out.Write(member.data)
		if len(member.data)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

func apkOf(t *testing.T, data []byte) []byte {
	t.Helper()
	info := fmt.Sprintf("pkgname = example\npkgver = 1.2-r3\narch = x86_64\norigin = example-source\nlicense = GPL-2.0-only\ndatahash = %x\n", sha256.Sum256(data))
	return append(pack(t, false, entry{tar.Header{Name: ".PKGINFO"}, info}), data...)
}

func rpmOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	pkg, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: "example", Version: "1.2", Release: "3", Arch: "x86_64", Licence: "ISC", BuildTime: time.Unix(0, 0), Compressor: "gzip",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		file := rpmpack.RPMFile{Name: e.Name, Mode: uint(0o100000 | e.Mode), Body: []byte(e.data), Owner: "root", Group: "root"}
		if e.Typeflag == tar.TypeSymlink {
			file.Mode, file.Body = 0o120777, []byte(e.Linkname)
		}
		pkg.AddFile(file)
	}
	var out bytes.Buffer
	if err := pkg.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// formats makes one package of each format of the same files.
func formats(t *testing.T, entries ...entry) map[string][]byte {
	t.Helper()
	data := pack(t, true, entries...)
	return map[string][]byte{".deb": debOf(t, data), ".apk": apkOf(t, data), ".rpm": rpmOf(t, entries...)}
}

func tool(data string) entry { return entry{tar.Header{Name: "usr/bin/tool", Mode: 0o755}, data} }
