// Package lint_test checks rules for the whole checkout that no compiler checks.
package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkout returns the root of the checkout: two directories up for `go test`. In Bazel's runfiles, the symlink
// MODULE.bazel points into it.
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

// eachFile calls look with every file below root whose name has this suffix.
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
