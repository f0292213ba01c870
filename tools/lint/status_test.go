package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	version = regexp.MustCompile(`(?m)^## \d+\.\d+\.\d+$`)
	status  = regexp.MustCompile(`(?s)\A# [^\n]+\n\n[^\n]+\n\n(> \*\*Status\*\*: nothing is released yet\. .*?\n)\n`)
	planned = regexp.MustCompile(`bazel_dep\(name = "iptables_wrappers", version = "([0-9.]+)"\)`)
)

// TestStatus checks that the paragraph Status follows the first sentence of README.md as long as nothing is released, and no longer. Other
// pages may contain the sentence "Nothing is released yet." for the same time.
// CHANGELOG.md decides: it has a section of a version in the commit with the version's tag, and not before (tools/release refuses a
// release without this section, and one with a Status). Tags cannot decide: a source archive, a shallow clone and Bazel's sandbox have none.
func TestStatus(t *testing.T) {
	root := checkout(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	readme, released := read("README.md"), version.FindString(read("CHANGELOG.md"))
	paragraph := status.FindStringSubmatch(readme)
	switch {
	case released != "" && strings.Contains(readme, "**Status**"):
		t.Errorf("README.md says that nothing is released, and CHANGELOG.md has %q: remove the paragraph Status", released)
	case released != "":
		eachFile(t, root, ".md", func(file string, source []byte) {
			if strings.Contains(string(source), "**Nothing is released yet.**") {
				t.Errorf("%s says that nothing is released, and CHANGELOG.md has %q: remove the sentence", file, released)
			}
		})
		return
	case paragraph == nil:
		t.Fatalf("CHANGELOG.md has no section of a version, so README.md must begin with a title, one sentence in one line and a Status: want %v", status)
	}
	text := strings.ReplaceAll(paragraph[1], "\n> ", " ")
	examples := planned.FindStringSubmatch(readme)
	if examples == nil {
		t.Fatalf("README.md: nothing matches %v", planned)
	}
	for _, want := range []string{
		"planned release v" + examples[1], "No binaries, images, packages or Bazel registry entry are published", "`make build`",
		"`./bazelw build //wrapper/iptables-wrapper`", "independent of [kubernetes-sigs/iptables-wrappers]",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("README.md: the paragraph Status does not say %q", want)
		}
	}
}
