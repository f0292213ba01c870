package imagetree

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// pack makes a layer of entries: "name=content", "name/", "name->symlink's target", "name=>hard link's target", "name|"
// (a pipe).
func pack(t testing.TB, entries ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	files := tar.NewWriter(&out)
	for _, e := range entries {
		header, content := tar.Header{Mode: 0o644}, ""
		if name, target, found := strings.Cut(e, "=>"); found {
			header.Typeflag, header.Name, header.Linkname = tar.TypeLink, name, target
		} else if name, target, found := strings.Cut(e, "->"); found {
			header.Typeflag, header.Name, header.Linkname = tar.TypeSymlink, name, target
		} else if name, text, found := strings.Cut(e, "="); found {
			header.Typeflag, header.Name, header.Size, content = tar.TypeReg, name, int64(len(text)), text
		} else if name, found := strings.CutSuffix(e, "|"); found {
			header.Typeflag, header.Name = tar.TypeFifo, name
		} else {
			header.Typeflag, header.Name = tar.TypeDir, e
		}
		if err := files.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(files, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// contents is a Keep that stores each content and returns its index.
type contents []string

func (c *contents) keep(content io.Reader, _ int64) (int, error) {
	text, err := io.ReadAll(content)
	*c = append(*c, string(text))
	return len(*c) - 1, err
}

func apply(t testing.TB, limits archive.Limits, layers ...[]byte) (*Tree, contents, error) {
	t.Helper()
	var all contents
	tree := New(archive.NewMeter(limits), all.keep)
	for _, layer := range layers {
		if err := tree.Apply(bytes.NewReader(layer)); err != nil {
			return tree, all, err
		}
	}
	return tree, all, nil
}

// list returns the tree as entries in pack's syntax, sorted.
func list(dir *node, name string, all contents) []string {
	var lines []string
	for _, base := range slices.Sorted(maps.Keys(dir.children)) {
		child, name := dir.children[base], path.Join(name, base)
		switch child.Type {
		case archive.Directory:
			lines = append(lines, name+"/")
			lines = append(lines, list(child, name, all)...)
		case archive.Symlink:
			lines = append(lines, name+"->"+child.Link)
		case archive.Regular:
			lines = append(lines, name+"="+all[child.Content])
		default:
			lines = append(lines, name+"|")
		}
	}
	return lines
}

func layers(t testing.TB, entries [][]string) (packed [][]byte) {
	t.Helper()
	for _, e := range entries {
		packed = append(packed, pack(t, e...))
	}
	return packed
}

func TestApply(t *testing.T) {
	for name, test := range map[string]struct {
		layers [][]string
		want   []string
	}{
		"parents are made":          {[][]string{{"a/b/c=1"}}, []string{"a/", "a/b/", "a/b/c=1"}},
		"a symlink in the way":      {[][]string{{"usr/sbin/", "sbin->usr/sbin"}, {"sbin/x=1"}}, []string{"sbin->usr/sbin", "usr/", "usr/sbin/", "usr/sbin/x=1"}},
		"a dangling one":            {[][]string{{"a->b"}, {"a/x=1"}}, []string{"a->b", "b/", "b/x=1"}},
		"one that climbs":           {[][]string{{"d/a->../../../../b"}, {"d/a/x=1"}}, []string{"b/", "b/x=1", "d/", "d/a->../../../../b"}},
		"one by another":            {[][]string{{"a->b", "b->/c", "c/"}, {"a/x=1"}}, []string{"a->b", "b->/c", "c/", "c/x=1"}},
		"a file replaces a symlink": {[][]string{{"a->b"}, {"a=1"}}, []string{"a=1"}},
		"and a directory":           {[][]string{{"a/b=1"}, {"a=2"}, {"a/"}}, []string{"a/"}},
		"directories are merged":    {[][]string{{"a/b=1"}, {"a/", "a/c=2"}}, []string{"a/", "a/b=1", "a/c=2"}},
		"a whiteout":                {[][]string{{"a=1", "d/b=2"}, {".wh.a", ".wh.none", ".wh.d/"}}, nil},
		"not of its own layer":      {[][]string{{"a=1", "d/b=2"}, {"a=3", ".wh.a=", "d/c=4", ".wh.d="}}, []string{"a=3", "d/", "d/c=4"}},
		"but of its own name":       {[][]string{{"a=1"}, {".wh.a=", "a=3"}}, []string{"a=3"}},
		"an opaque directory":       {[][]string{{"a/b=1", "a/d/e=2", "f=3"}, {"a/.wh..wh..opq=", "a/c=4"}}, []string{"a/", "a/c=4", "f=3"}},
		"whose entries come first":  {[][]string{{"a/b=1", "a/d/e=2"}, {"a/d/f=4", "a/.wh..wh..opq="}}, []string{"a/", "a/d/", "a/d/f=4"}},
		"in two layers":             {[][]string{{"a/b=1"}, {"a/.wh..wh..opq=", "a/c=2"}, {"a/.wh..wh..opq="}}, []string{"a/"}},
		"the root":                  {[][]string{{"a/b=1"}, {".wh..wh..opq=", "c=2"}}, []string{"c=2"}},
		"a whiteout by a symlink":   {[][]string{{"b/x=1", "a->b"}, {"a/.wh.x="}}, []string{"a->b", "b/"}},
		"hard links":                {[][]string{{"a=1", "b=>a"}, {"c=>/b"}, {".wh.a="}}, []string{"b=1", "c=1"}},
		"one of a symlink":          {[][]string{{"a->x", "b=>a"}, {"b/y=1"}}, []string{"a->x", "b->x", "x/", "x/y=1"}},
		"one below a symlink":       {[][]string{{"d/f=1", "a->d", "b=>a/f"}}, []string{"a->d", "b=1", "d/", "d/f=1"}},
		"pipes":                     {[][]string{{"a|", "b=>a"}, {"a=1"}}, []string{"a=1", "b|"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree, all, err := apply(t, Limits(0), layers(t, test.layers)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, list(tree.root, "", all)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	tree, _, err := apply(t, Limits(0), pack(t, "usr/sbin/x=1", "sbin->usr/sbin", "y->/sbin/../sbin/x", "loop->loop", "none->nowhere"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/y": "/usr/sbin/x <nil>", "sbin": "/usr/sbin <nil>", "/": " <nil>",
		"/none": " /nowhere: file does not exist", "/loop": " file /loop: too many symlinks on the way",
		"/y/z": " file /y/z: /usr/sbin/x is no directory", "/a/b": " /a/b: file does not exist",
	} {
		got, _, err := tree.Lookup(name)
		if text := fmt.Sprintf("%s %v", got, err); text != want {
			t.Errorf("%s: %q, want %q", name, text, want)
		}
	}
}
