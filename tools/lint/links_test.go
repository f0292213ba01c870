package lint_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	// GitHub removes these characters from a heading to make its anchor.
	unanchored = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
)

// Every link between pages must lead to an existing file and, with a fragment, to a heading in it.
func TestLinks(t *testing.T) {
	root := checkout(t)
	eachFile(t, root, ".md", func(file string, source []byte) {
		for _, match := range link.FindAllStringSubmatch(string(source), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			to, fragment, _ := strings.Cut(match[1], "#")
			target := file
			if to != "" {
				target = filepath.Join(filepath.Dir(file), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s: %v", file, match[1], err)
				continue
			}
			if fragment != "" && !anchors(t, target)[fragment] {
				t.Errorf("%s: link to %s: no such heading", file, match[1])
			}
		}
	})
}

func anchors(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		all[strings.ReplaceAll(unanchored.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return all
}

// A test (tests/pages) must run each page that shows commands with their output. Without it, an outdated page would not
// be detected.
func TestPagesAreTried(t *testing.T) {
	root := checkout(t)
	var builds strings.Builder
	eachFile(t, root, "BUILD.bazel", func(_ string, source []byte) { builds.Write(source) })
	eachFile(t, root, ".md", func(file string, source []byte) {
		if !strings.Contains(string(source), "```console\n") {
			return
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		directory, name := path.Split(filepath.ToSlash(relative))
		if label := "$(rootpath //" + strings.TrimSuffix(directory, "/") + ":" + name + ")"; !strings.Contains(builds.String(), label) {
			t.Errorf("%s has commands with their output, but no test runs %s", relative, label)
		}
	})
}
