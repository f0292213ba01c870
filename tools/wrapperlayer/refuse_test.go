package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// refused expects one line with the reason, exit status 1, and no output file.
func refused(t *testing.T, base, want string) {
	t.Helper()
	_, stderr, err := start(t, base)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want status 1", err)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("said %q, want one line with %q", stderr, want)
	}
}

func TestCorruptBlob(t *testing.T) {
	refused(t, copyLayout(t, needs.Variable(t, "BASE"), func(_ string, data []byte) []byte {
		if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			return data
		}
		// This changes the time in the gzip header. The tar inside is the same, so only the digest differs.
		data[4] ^= 1
		return data
	}), "corrupt: its sum is")
	refused(t, copyLayout(t, needs.Variable(t, "BASE"), func(_ string, data []byte) []byte {
		if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			return data[:len(data)/2]
		}
		return data
	}), "bytes, but the manifest states")
}

func TestNotOneImage(t *testing.T) {
	refused(t, needs.Variable(t, "INDEX"), "take the image of one platform")
	refused(t, copyLayout(t, needs.Variable(t, "BASE"), func(name string, data []byte) []byte {
		if name != "index.json" {
			return data
		}
		begin, end := bytes.IndexByte(data, '['), bytes.LastIndexByte(data, ']')
		one := data[begin+1 : end]
		return slices.Concat(data[:begin+1], one, []byte(","), one, data[end:])
	}), "take the image of one platform")
	refused(t, t.TempDir(), "no OCI layout")
	refused(t, filepath.Join(t.TempDir(), "nowhere"), "no such file")
}

// The program prints the installer's reasons unchanged.
func TestInstallerRefuses(t *testing.T) {
	refused(t, without(t, needs.Variable(t, "BASE_TAR"), "legacy"), "iptables has no legacy variant here")
	refused(t, without(t, needs.Variable(t, "BASE_TAR"), "nft"), "iptables has no nft variant here")
	refused(t, needs.Variable(t, "FOREIGN"), "the wrapper is built for")
}

// without copies a compressed tar without the binaries and symlinks of one mode.
func without(t *testing.T, source, mode string) string {
	t.Helper()
	in, err := os.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	stream, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	files := tar.NewWriter(&out)
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(header.Name, "usr/sbin/") && (strings.Contains(header.Name+"-", "-"+mode+"-") || strings.Contains(header.Linkname, "-"+mode+"-")) {
			continue
		}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(files, entries); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "base.tar")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
