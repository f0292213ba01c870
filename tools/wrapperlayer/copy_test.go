package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copyLayout copies a layout. edit returns the new content of each file.
func copyLayout(t *testing.T, source string, edit func(name string, data []byte) []byte) string {
	t.Helper()
	plain := t.TempDir()
	for _, pattern := range []string{"oci-layout", "index.json", "blobs/*/*"} {
		files, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no %s (%v)", source, pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			target := filepath.Join(plain, strings.TrimPrefix(file, source))
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(target, edit(filepath.Base(file), data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return plain
}
