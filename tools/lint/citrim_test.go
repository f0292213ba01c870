package lint_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// .ci/trim leaves what a run used of the disk cache, as far as the limit allows, and never touches the other directories.
func TestTrim(t *testing.T) {
	script := filepath.Join(checkout(t), ".ci/trim")
	for _, c := range []struct {
		name, limit string
		left        []string
		fails       bool
	}{
		{"below the limit", "10", []string{"disk/ac/used", "disk/cas/large", "disk/cas/small", "repositories/old"}, false},
		{"the largest is too much", "3", []string{"disk/ac/used", "disk/cas/small", "repositories/old"}, false},
		{"the other directory alone is too much", "0", []string{"repositories/old"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			began := time.Now().Add(-time.Hour)
			for name, file := range map[string]struct {
				size int
				used time.Duration
			}{
				"began": {0, 0}, "disk/cas/unused": {1 << 20, -time.Hour}, "disk/cas/large": {4 << 20, time.Minute},
				"disk/cas/small": {1 << 20, time.Minute}, "disk/ac/used": {100, time.Minute}, "repositories/old": {1 << 20, -time.Hour},
			} {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, make([]byte, file.size), 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, began.Add(file.used), began.Add(file.used)); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command("bash", script, filepath.Join(dir, "began"), c.limit, filepath.Join(dir, "disk"), filepath.Join(dir, "repositories")).CombinedOutput()
			if (err != nil) != c.fails {
				t.Errorf("%v: %s", err, out)
			}
			var left []string
			for _, pattern := range []string{"disk/*/*", "repositories/*"} {
				files, err := filepath.Glob(filepath.Join(dir, pattern))
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range files {
					left = append(left, strings.TrimPrefix(file, dir+"/"))
				}
			}
			if !slices.Equal(left, c.left) {
				t.Errorf("left %q, want %q", left, c.left)
			}
		})
	}
}
