// Package pages reads the testable parts of pages: commands with their output, and files.
//
// A block of commands is
//
//	<!-- host: STATE, STATE... -->
//	```console
//	$ COMMAND
//	output, on standard output and standard error
//	```
//
// A command can continue in the next line after a backslash, as in a shell. The test that runs the page defines the
// states. A block that another program tests names it in place of a host: <!-- elsewhere: PATH -->. Commands to paste
// are in blocks of another kind (```sh), without a prompt and without output. A test runs such a block only if the
// comment before it is <!-- tried: NAME -->, which names it for the test.
package pages

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Block is a block of commands.
type Block struct {
	States []string
	Text   string
	page   string
}

// File is a block of any kind, with the text of the comment before it, if there is one.
type File struct {
	Comment string
	Text    string
}

var (
	block  = regexp.MustCompile("(?s)(?:<!-- ([^\n]*) -->\n)?```([a-z]+)\n(.*?)```\n")
	prompt = regexp.MustCompile(`(?m)^\$ (?:.*\\\n)*.*\n`)
)

// Blocks returns the blocks of commands of a page that no other program tests. If there is none, the test fails.
func Blocks(t *testing.T, page string) []Block {
	t.Helper()
	var all []Block
	for _, f := range Files(t, page, "console") {
		if strings.HasPrefix(f.Comment, "elsewhere: ") {
			continue
		}
		states, stated := strings.CutPrefix(f.Comment, "host: ")
		if f.Comment != "" && !stated {
			t.Fatalf("%s: before a block of commands stands %q, which is no host", page, f.Comment)
		}
		b := Block{Text: f.Text, page: page}
		if stated {
			b.States = strings.Split(states, ", ")
		}
		all = append(all, b)
	}
	return all
}

// Files returns the blocks of one kind, such as dockerfile. If there is none, the test fails.
func Files(t *testing.T, page, kind string) []File {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []File
	for _, match := range block.FindAllStringSubmatch(string(text), -1) {
		if match[2] == kind {
			all = append(all, File{match[1], match[3]})
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s: no block of %s", page, kind)
	}
	return all
}

// Try runs the commands of a block in order, and fails the test if their output differs from the block. run runs a
// shell script and returns its standard output and standard error in one string. With PAGES_UPDATE=1 in the
// environment, Try writes the output into the page:
//
//	PAGES_UPDATE=1 PAGES=$PWD/docs/troubleshooting.md SCENARIOS_ROOTFS=ROOT.tar go test -run TestPages ./tests/scenarios
func (b Block) Try(t *testing.T, run func(script string) string) {
	t.Helper()
	var got strings.Builder
	for _, command := range prompt.FindAllString(b.Text, -1) {
		got.WriteString(command)
		got.WriteString(run(strings.TrimPrefix(command, "$ ")))
	}
	switch {
	case got.String() == b.Text:
	case os.Getenv("PAGES_UPDATE") == "1":
		b.update(t, got.String())
	default:
		t.Errorf("on %q, got:\n%s\nwant:\n%s", b.States, got.String(), b.Text)
	}
}

// update replaces the block in its page.
func (b Block) update(t *testing.T, text string) {
	t.Helper()
	page, err := os.ReadFile(b.page)
	if err != nil {
		t.Fatal(err)
	}
	before := "<!-- host: " + strings.Join(b.States, ", ") + " -->\n```console\n"
	changed := strings.ReplaceAll(string(page), before+b.Text, before+text)
	if changed == string(page) {
		t.Fatalf("%s: no such block:\n%s%s", b.page, before, b.Text)
	}
	if err := os.WriteFile(b.page, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}
