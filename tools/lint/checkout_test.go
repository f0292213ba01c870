// Package lint_test holds what no compiler checks, about the checkout as a whole.
package lint_test

import (
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
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

// eachFile calls look with every file below root whose name ends in a suffix.
func eachFile(t *testing.T, root, suffix string, look func(path string, source []byte)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		seen++
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		look(path, source)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatalf("%s: no file *%s found", root, suffix)
	}
}
