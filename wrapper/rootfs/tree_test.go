package rootfs

import (
	"os"
	"path/filepath"
	"testing"
)

// openTree makes a directory from "path" -> content, "path@" -> link target, "path/" -> directory, and opens it as a root.
func openTree(t *testing.T, tree map[string]string) (*Root, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range tree {
		link := name[len(name)-1] == '@'
		folder := name[len(name)-1] == '/'
		path := filepath.Join(dir, name)
		if link {
			path = path[:len(path)-1]
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case link:
			err = os.Symlink(content, path)
		case folder:
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func assertNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if len(got) != len(want) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s holds %q, want %q", dir, got, want)
			return
		}
	}
}
