// Package lint_test holds what no compiler checks, about the checkout as a whole.
package lint_test

import (
	"bytes"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkout is where the sources are: two folders up for go test, behind the link to MODULE.bazel in Bazel's runfiles.
func checkout(t *testing.T) string {
	t.Helper()
	path, err := filepath.EvalSymlinks("../../MODULE.bazel")
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

func TestGofmt(t *testing.T) {
	root, seen := checkout(t), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		seen++
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		formatted, err := format.Source(source)
		if err != nil {
			return err
		}
		if !bytes.Equal(source, formatted) {
			t.Errorf("%s: not as gofmt writes it; next: gofmt -w %[1]s", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatalf("%s: no Go file found", root)
	}
}
