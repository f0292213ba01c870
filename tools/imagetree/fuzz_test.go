package imagetree

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// A fuzzed layer consists of these parts: three bytes select an entry's type, name and target. OUT is a directory of
// the build machine.
var (
	fuzzTypes = []byte{tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeFifo, tar.TypeChar, tar.TypeXGlobalHeader}
	fuzzNames = []string{
		"a", "b", "c", "a/b", "b/c", "a/b/c", "b/victim", "c/victim", "./a/", "OUT", "OUT/victim", "a/OUT/victim",
		".wh.a", ".wh.b", "a/.wh.b", "b/.wh.victim", "c/.wh.victim", "OUT/.wh.victim", ".wh..wh..opq", "a/.wh..wh..opq", "b/.wh..wh..opq",
		"OUT/.wh..wh..opq", "a/.wh.", "a/.wh..", "a/.wh...", ".wh..wh.plnk/a", "..", "a/../b",
	}
	fuzzTargets = []string{"a", "b", "c", "a/b", "b/c", "b/victim", "/", ".", "..", "../../..", "OUT", "OUT/victim", "/OUT", "/OUT/victim", "/a", "x"}
)

const newLayer = 0xff // begins a new layer when used as a type

// fuzzLayers decodes layers from a fuzzer's bytes.
func fuzzLayers(t testing.TB, data []byte, out string) (layers [][]byte) {
	t.Helper()
	pick := func(names []string, at byte) string {
		return string(bytes.ReplaceAll([]byte(names[int(at)%len(names)]), []byte("OUT"), []byte(out[1:])))
	}
	var layer bytes.Buffer
	files := tar.NewWriter(&layer)
	for entry := range slices.Chunk(data, 3) {
		if entry[0] == newLayer || len(entry) < 3 {
			files.Close()
			layers = append(layers, slices.Clone(layer.Bytes()))
			layer.Reset()
			files = tar.NewWriter(&layer)
			continue
		}
		h := tar.Header{Typeflag: fuzzTypes[int(entry[0])%len(fuzzTypes)], Name: pick(fuzzNames, entry[1]), Mode: int64(entry[2]) << 2}
		if h.Typeflag != tar.TypeDir {
			h.Name = strings.TrimSuffix(h.Name, "/")
		}
		switch h.Typeflag {
		case tar.TypeReg:
			h.Size = int64(len(inside))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = pick(fuzzTargets, entry[2])
		case tar.TypeXGlobalHeader:
			h = tar.Header{Typeflag: h.Typeflag, PAXRecords: map[string]string{"path": "a"}}
		}
		if err := files.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			io.WriteString(files, inside)
		}
	}
	files.Close()
	return append(layers, layer.Bytes())
}

const (
	inside  = "a file of the image"
	outside = "a file of the build machine"
)

// FuzzUnpack checks that no sequence of entries reads or changes a directory of the build machine. The paths on disk,
// and the ends of symlinks as wrapper/rootfs follows them, must match the model.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{2, 0, 10, 4, 6, 0, 3, 1, 0, 0, 20, 0})                       // symlink a -> OUT, pipe b/victim, hard link b => a, opaque b
	f.Add([]byte{4, 10, 0, 2, 0, 10, 1, 8, 0})                                // pipe OUT/victim, symlink a -> OUT, directory ./a/
	f.Add([]byte{2, 0, 10, 3, 1, 0, 3, 2, 5})                                 // symlink a -> OUT, hard link b => a, hard link c => b/victim
	f.Add([]byte{2, 0, 13, newLayer, 0, 0, 0, 0, 0, newLayer, 0, 0, 0, 0, 0}) // symlink a -> /OUT/victim, file a
	f.Add([]byte{0, 3, 0, newLayer, 0, 0, 0, 19, 0, 1, 3, 9})                 // file a/b, opaque a, directory a/b
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 3*64 {
			return
		}
		top := t.TempDir()
		out, dir := filepath.Join(top, "out"), filepath.Join(top, "root")
		for _, name := range []string{out, dir} {
			if err := os.Mkdir(name, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(out, "victim"), []byte(outside), 0o600); err != nil {
			t.Fatal(err)
		}
		var model *Tree
		err := Unpack(dir, archive.Limits{Files: 1000, Bytes: 1 << 20}, func(tree *Tree) error {
			model = tree
			for _, layer := range fuzzLayers(t, data, out) {
				if err := tree.Apply(bytes.NewReader(layer)); err != nil {
					return err
				}
			}
			return nil
		})
		names, listErr := filepath.Glob(filepath.Join(top, "*", "victim"))
		text, readErr := os.ReadFile(filepath.Join(out, "victim"))
		if listErr != nil || readErr != nil || string(text) != outside || !slices.Contains(names, filepath.Join(out, "victim")) {
			t.Fatalf("outside: %q, %q (%v, %v)", names, text, listErr, readErr)
		}
		if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 {
			t.Fatalf("outside: %v (%v)", entries, err)
		}
		if err == nil {
			compare(t, model, dir)
		}
	})
}

// compare compares every path on disk with the model, and for every path of the model where it leads.
func compare(t *testing.T, model *Tree, dir string) {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	found := 0
	err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		found++
		inRoot := name[len(dir):]
		w, err := model.walk(inRoot[1:], false, false)
		if err != nil || w.end().node == nil {
			t.Fatalf("%s: on disk, not in the model (%v)", inRoot, err)
		}
		kind := map[archive.Type]fs.FileMode{archive.Directory: fs.ModeDir, archive.Symlink: fs.ModeSymlink, archive.Regular: 0}
		if want, known := kind[w.end().node.Type]; !known || entry.Type() != want {
			t.Fatalf("%s: %v on disk, %+v in the model", inRoot, entry.Type(), w.end().node.File)
		}
		if entry.Type().IsRegular() {
			if text, err := os.ReadFile(name); err != nil || string(text) != inside {
				t.Fatalf("%s: %q (%v)", inRoot, text, err)
			}
		}
		got, file, err := model.Lookup(inRoot)
		if err == nil && file.Type == 0 {
			return nil // device nodes are not on disk
		}
		want, rootErr := root.Resolve(inRoot)
		if want == "/" {
			want = ""
		}
		if (err == nil) != (rootErr == nil) || (err == nil && got != want) {
			t.Fatalf("%s leads to %q (%v), on disk to %q (%v)", inRoot, got, err, want, rootErr)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := count(model.root); found != want {
		t.Fatalf("%d paths on disk, %d in the model", found, want)
	}
}

func count(dir *node) int {
	n := 0
	for _, child := range dir.children {
		if child.Type != 0 {
			n += 1 + count(child)
		}
	}
	return n
}
