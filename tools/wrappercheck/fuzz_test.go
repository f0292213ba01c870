package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"path"
	"slices"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// A fuzzed image consists of these parts: three bytes select an entry's type, name and target.
var (
	fuzzTypes = []byte{tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeFifo}
	fuzzNames = []string{
		"sbin", "usr", "usr/sbin", "usr/bin", "bin", "usr/sbin/iptables", "sbin/iptables", "usr/bin/iptables", "usr/sbin/iptables-wrapper",
		"sbin/.wh.iptables", "usr/.wh.sbin", ".wh..wh..opq", "usr/.wh..wh..opq", "usr/sbin/.wh.", "usr/sbin/.wh..", "etc/alternatives/iptables",
	}
	fuzzTargets = []string{
		"usr/sbin", "/usr/sbin", "bin", "../bin", "..", "/", ".", "iptables", "iptables-wrapper", "/usr/sbin/iptables-wrapper",
		"/etc/alternatives/iptables", "/sbin/iptables", "../../../../etc/passwd", "usr/sbin/iptables-wrapper",
	}
)

// FuzzFlatten checks that each command which is found is a regular file at a clean path, with the machine of its
// content. No layers, in any order, may crash the check.
func FuzzFlatten(f *testing.F) {
	f.Add([]byte{1, 2, 0, 2, 0, 0, 0, 8, 0, 2, 6, 8})            // /sbin -> usr/sbin, sbin/iptables -> iptables-wrapper
	f.Add([]byte{2, 5, 10, 2, 15, 9, 0, 8, 0, 0xff, 0, 0, 0, 9}) // by alternatives, then a whiteout
	f.Add([]byte{2, 5, 7, 3, 6, 13, 4, 8, 0})                    // a loop, a hard link to nothing, a pipe
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 3*64 {
			return
		}
		files := tree{imagetree.New(archive.NewMeter(archive.Limits{Files: 1000, Bytes: 1 << 20}), readMachine)}
		for _, layer := range bytes.Split(data, []byte{0xff}) {
			if files.Apply(bytes.NewReader(fuzzLayer(t, layer))) != nil {
				return
			}
		}
		found, err := files.find("iptables")
		if err != nil {
			return
		}
		if found.file.Type != archive.Regular || path.Clean(found.target) != found.target || !path.IsAbs(found.target) {
			t.Errorf("found %+v", found)
		}
		if got := elf.Machine(found.file.Content); got != elf.EM_X86_64 {
			t.Errorf("%s: machine %v", found.target, got)
		}
	})
}

func fuzzLayer(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	files := tar.NewWriter(&out)
	content := program(elf.EM_X86_64)
	for entry := range slices.Chunk(data, 3) {
		if len(entry) < 3 {
			break
		}
		h := tar.Header{Typeflag: fuzzTypes[int(entry[0])%len(fuzzTypes)], Name: fuzzNames[int(entry[1])%len(fuzzNames)], Mode: 0o755}
		switch h.Typeflag {
		case tar.TypeReg:
			h.Size = int64(len(content))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = fuzzTargets[int(entry[2])%len(fuzzTargets)]
		}
		if err := files.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(files, content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
