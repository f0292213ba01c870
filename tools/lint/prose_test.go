package lint_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// unclear matches words and phrases that readers of this project did not understand without the code. Each has a
// usual word: directory for folder, manually for "by hand", "its own X" for "an X of its own". A sentence with
// nobody or whoever names no actor.
var unclear = regexp.MustCompile(`(?i)(?:^|[^-\w])(held|told|settled|(is|are|was|were|be|been|being) given|by hand|folders?|bills? of materials|be had|` +
	`nobody|nobody's|whoever|somebody|somebody's|came of|comes of|of (its|their) own|what is there|is asked|are asked|kin|sisters)\b`)

// TestWords reports the words of unclear in comments of Go, Starlark, shell and YAML files, and in pages outside code.
func TestWords(t *testing.T) {
	root := checkout(t)
	var found []string
	look := func(prose func(string) []string) func(string, []byte) {
		return func(file string, source []byte) {
			file = strings.TrimPrefix(file, root+"/")
			if file == "tools/lint/prose_test.go" {
				return // it contains the words
			}
			for number, line := range prose(string(source)) {
				for _, match := range unclear.FindAllStringSubmatch(line, -1) {
					found = append(found, fmt.Sprintf("%s:%d: %q", file, number+1, match[1]))
				}
			}
		}
	}
	eachFile(t, root, ".go", look(comments("//")))
	eachFile(t, root, ".sh", look(comments("#")))
	eachFile(t, root, ".bazel", look(comments("#")))
	eachFile(t, root, ".yaml", look(comments("#")))
	eachFile(t, root, ".yml", look(comments("#")))
	eachFile(t, root, ".bzl", look(func(source string) []string { // docstrings are prose, too; "nobody:" is in /etc/passwd
		return strings.Split(strings.ReplaceAll(source, "nobody:", ""), "\n")
	}))
	eachFile(t, root, ".md", look(paragraphs))
	if len(found) > 0 {
		t.Errorf("%d unclear words: write plain words (see unclear in prose_test.go):\n%s", len(found), strings.Join(found, "\n"))
	}
}

// comments returns a function that removes everything but comments, which begin with marker, from the lines of a file.
func comments(marker string) func(source string) []string {
	return func(source string) []string {
		lines := strings.Split(source, "\n")
		for i, line := range lines {
			_, lines[i], _ = strings.Cut(" "+strings.TrimSpace(line), " "+marker)
		}
		return lines
	}
}

// paragraphs returns the lines of a page without code blocks and without code in a line.
func paragraphs(source string) []string {
	lines := strings.Split(source, "\n")
	block := false
	for i, line := range lines {
		lines[i] = code.ReplaceAllString(line, "code")
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fence || block {
			lines[i] = ""
		}
		block = block != fence
	}
	return lines
}

var code = regexp.MustCompile("`[^`]*`|\\]\\([^)]*\\)")

// A cell of a table with more than 45 words is prose, which a reader cannot scan.
func TestTableCells(t *testing.T) {
	eachFile(t, checkout(t), ".md", func(file string, source []byte) {
		for number, line := range paragraphs(string(source)) {
			for _, cell := range strings.Split(line, "|") {
				if words := len(strings.Fields(cell)); strings.HasPrefix(line, "|") && words > 45 {
					t.Errorf("%s:%d: table cell of %d words, 45 allowed: move it into a paragraph", file, number+1, words)
				}
			}
		}
	})
}
