package rootfs

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// file, dir and link return entries. The content of a file is its own name.
func file(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(name))}
}

func dir(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}
}

func link(name, to string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}
}

// pack returns a layer for each list of entries.
func pack(t *testing.T, lists ...[]tar.Header) (layers []v1.Layer) {
	t.Helper()
	for _, entries := range lists {
		var archive bytes.Buffer
		writer := tar.NewWriter(&archive)
		for _, header := range entries {
			if err := writer.WriteHeader(&header); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(writer, header.Name[:header.Size]); err != nil {
				t.Fatal(err)
			}
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		layers = append(layers, static.NewLayer(archive.Bytes(), types.OCIUncompressedLayer))
	}
	return layers
}

func unpack(t *testing.T, layers ...[]tar.Header) *Tree {
	t.Helper()
	tree, err := Unpack(pack(t, layers...), filepath.Join(t.TempDir(), "root"))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// Docker's unpacker refuses entries outside the root, before it changes a file there.
func TestHostileLayer(t *testing.T) {
	for _, entries := range [][]tar.Header{
		{file("../victim")},
		{link("up", ".."), file("up/victim")},
		{link("up", ".."), file("up/.wh.victim")},
	} {
		parent := t.TempDir()
		victim := filepath.Join(parent, "victim")
		if err := os.WriteFile(victim, []byte("untouched"), 0o644); err != nil {
			t.Fatal(err)
		}
		name := entries[len(entries)-1].Name
		if _, err := Unpack(pack(t, entries), filepath.Join(parent, "root")); err == nil {
			t.Errorf("%s: unpacked, want an error", name)
		}
		if content, err := os.ReadFile(victim); err != nil || string(content) != "untouched" {
			t.Errorf("%s: the file outside is now %q (%v)", name, content, err)
		}
	}
}

// As in Docker, an opaque whiteout removes the files of lower layers, wherever it is in its own layer.
func TestOpaqueWhiteout(t *testing.T) {
	tree := unpack(t,
		[]tar.Header{file("a/b/lower")},
		[]tar.Header{dir("a/"), dir("a/b/"), file("a/b/own"), file("a/.wh..wh..opq")},
	)
	if _, err := tree.Stat("/a/b/own"); err != nil {
		t.Error(err)
	}
	if _, err := tree.Stat("/a/b/lower"); err == nil {
		t.Error("/a/b/lower is still there")
	}
}

func TestReadFileFollowsLinksInside(t *testing.T) {
	tree := unpack(t, []tar.Header{
		file("etc/os"), link("absolute", "/etc/os"), link("a/relative", "etc/os"), link("outside", "/../../etc/os"),
		link("loop", "/loop"), link("dangling", "/nowhere"), dir("etc/d/"),
	})
	for _, name := range []string{"/absolute", "/a/relative", "/outside", "/etc/os"} {
		if content, err := tree.ReadFile(name); err != nil || string(content) != "etc/os" {
			t.Errorf("%s: %q (%v)", name, content, err)
		}
	}
	for name, message := range map[string]string{
		"/loop": "too many links", "/dangling": "no such file", "/etc/d": "is a directory", "/none": "file /none: no such file",
	} {
		if _, err := tree.ReadFile(name); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v, want an error that says %q", name, err, message)
		}
	}
}

// corrupt is a layer whose archive is not the one that the configuration names.
type corrupt struct{ v1.Layer }

func (corrupt) DiffID() (v1.Hash, error) { return v1.NewHash("sha256:" + strings.Repeat("0", 64)) }

func TestDiffID(t *testing.T) {
	layer := corrupt{pack(t, []tar.Header{file("a")})[0]}
	_, err := Unpack([]v1.Layer{layer}, filepath.Join(t.TempDir(), "root"))
	if err == nil || !strings.Contains(err.Error(), "corrupt: its diff ID is") {
		t.Errorf("a layer with another diff ID: %v", err)
	}
}

// Docker's own files replace those of the image, and a directory of the image stays.
func TestInitLayer(t *testing.T) {
	hosts := file("etc/hosts")
	hosts.Uid = 7
	private := dir("sys/")
	private.Mode = 0o700
	tree := unpack(t, []tar.Header{hosts, link("etc/mtab", "/etc/hosts"), file("dev"), private})
	if err := tree.AddInitLayer(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/etc/hosts": "-rwxr-xr-x", "/etc/mtab": "Lrwxrwxrwx", "/dev": "drwxr-xr-x", "/dev/pts": "drwxr-xr-x",
		"/dev/console": "-rwxr-xr-x", "/.dockerenv": "-rwxr-xr-x", "/proc": "drwxr-xr-x", "/sys": "drwx------",
	} {
		info, err := tree.Stat(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		header := info.Sys().(*tar.Header)
		if got := info.Mode().String(); got != want || header.Uid != 0 || header.Size != 0 {
			t.Errorf("%s: %s of user %d with %d bytes, want %s, empty and of root", name, got, header.Uid, header.Size, want)
		}
	}
	if content, err := tree.ReadFile("/etc/mtab"); err == nil {
		t.Errorf("/etc/mtab is readable before a container has /proc: %q", content)
	}
}
