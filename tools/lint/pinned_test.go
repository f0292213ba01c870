package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestActionsArePinned(t *testing.T) {
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses:.*$`)
	pinned := regexp.MustCompile(`^\s*(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$`)
	for name := range read(t) {
		text, err := os.ReadFile(filepath.Join(root, ".github/workflows", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range uses.FindAllString(string(text), -1) {
			if !pinned.MatchString(line) {
				t.Errorf("%s: %q: want uses: OWNER/NAME@COMMIT # vVERSION", name, strings.TrimSpace(line))
			}
		}
	}
}

// An image tag can move, like the tag of an action.
func TestContainersArePinned(t *testing.T) {
	image := regexp.MustCompile(`(?m)^\s*(?:image|IMAGE|container): (.*)$`)
	pinned := regexp.MustCompile(`^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$`)
	for name := range read(t) {
		text, err := os.ReadFile(filepath.Join(root, ".github/workflows", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range image.FindAllStringSubmatch(string(text), -1) {
			if !pinned.MatchString(found[1]) {
				t.Errorf("%s: %s: want NAME:TAG@sha256:DIGEST", name, found[1])
			}
		}
	}
}
