package rootfs

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"
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

func whiteout(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name}
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

// listing returns the names of everything in the tree, with a slash after directories and symlinks as name -> target.
func listing(t *testing.T, tree *Tree) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(tree.Dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == tree.Dir {
			return err
		}
		name := strings.TrimPrefix(path, tree.Dir+"/")
		switch entry.Type() {
		case os.ModeDir:
			name += "/"
		case os.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			name += " -> " + target
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestLayersApplyInOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		layers [][]tar.Header
		want   []string
	}{
		{"parents are made", [][]tar.Header{{file("a/b/c")}}, []string{"a/", "a/b/", "a/b/c"}},
		{"whiteout", [][]tar.Header{{file("a/x"), file("a/y")}, {whiteout("a/.wh.x")}}, []string{"a/", "a/y"}},
		{"whiteout of a directory", [][]tar.Header{{file("a/x")}, {whiteout(".wh.a")}}, []string{}},
		{
			"opaque directory keeps its own layer's files",
			[][]tar.Header{{file("a/x"), file("a/b/y")}, {file("a/b/z"), whiteout("a/.wh..wh..opq"), file("a/new")}},
			[]string{"a/", "a/b/", "a/b/y", "a/b/z", "a/new"},
		},
		{"opaque directory of nothing", [][]tar.Header{{whiteout("a/.wh..wh..opq")}}, []string{}},
		{"file over directory", [][]tar.Header{{file("a/x")}, {file("a")}}, []string{"a"}},
		{"directory over directory", [][]tar.Header{{file("a/x")}, {dir("a/")}}, []string{"a/", "a/x"}},
		{"directory over link", [][]tar.Header{{file("usr/bin/x"), link("bin", "usr/bin")}, {dir("bin/")}}, []string{"bin/", "usr/", "usr/bin/", "usr/bin/x"}},
		{"through a link", [][]tar.Header{{dir("usr/bin/"), link("bin", "usr/bin")}, {file("bin/x")}}, []string{"bin -> usr/bin", "usr/", "usr/bin/", "usr/bin/x"}},
		{"through an absolute link", [][]tar.Header{{dir("run/"), link("var/run", "/run")}, {file("var/run/x")}}, []string{"run/", "run/x", "var/", "var/run -> /run"}},
	} {
		if got := listing(t, unpack(t, c.layers...)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestNothingEscapes unpacks hostile layers beside a file that must not change.
func TestNothingEscapes(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []tar.Header
	}{
		{"dots", []tar.Header{file("../victim")}},
		{"dots in the middle", []tar.Header{file("a/../../victim")}},
		{"absolute", []tar.Header{file("/victim")}},
		{"link to the parent", []tar.Header{link("up", ".."), file("up/victim")}},
		{"link over links", []tar.Header{link("a", "b"), link("b", "/.."), file("a/victim")}},
		{"whiteout above", []tar.Header{whiteout("../.wh.victim")}},
		{"whiteout through a link", []tar.Header{link("up", ".."), whiteout("up/.wh.victim")}},
	} {
		parent := t.TempDir()
		victim := filepath.Join(parent, "victim")
		if err := os.WriteFile(victim, []byte("untouched"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Unpack(pack(t, c.entries), filepath.Join(parent, "root")); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		content, err := os.ReadFile(victim)
		if err != nil || string(content) != "untouched" {
			t.Errorf("%s: the file outside is now %q (%v)", c.name, content, err)
		}
	}
	hard := []tar.Header{{Typeflag: tar.TypeLink, Name: "stolen", Linkname: "../../../../etc/passwd"}}
	if _, err := Unpack(pack(t, hard), filepath.Join(t.TempDir(), "root")); err == nil {
		t.Error("a hard link to a file outside was made")
	}
}

func TestAttributes(t *testing.T) {
	suid := file("suid")
	suid.Mode, suid.Uid, suid.Gid = 0o4755, 7, 42
	hard := tar.Header{Typeflag: tar.TypeLink, Name: "again", Linkname: "suid"}
	marked := file("marked")
	marked.PAXRecords = map[string]string{"SCHILY.xattr.user.mark": "here"}
	tree := unpack(t, []tar.Header{suid, hard, marked})

	for _, name := range []string{"/suid", "/again"} {
		info, err := tree.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		header := info.Sys().(*tar.Header)
		if got := info.Mode().String(); got != "urwxr-xr-x" || header.Uid != 7 || header.Gid != 42 {
			t.Errorf("%s: %s of %d:%d, want urwxr-xr-x of 7:42", name, got, header.Uid, header.Gid)
		}
	}
	value := make([]byte, 16)
	n, err := unix.Lgetxattr(filepath.Join(tree.Dir, "marked"), "user.mark", value)
	if err != nil || string(value[:n]) != "here" {
		t.Errorf("attribute is %q (%v), want here", value[:max(n, 0)], err)
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
