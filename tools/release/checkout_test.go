package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// built returns the files that Bazel built for the tests.
func built(t *testing.T) *contents {
	t.Helper()
	c, err := readContents(needs.Variable(t, "RELEASE_CONTENTS"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newCheckout creates a repository with a tag, from the files of this one that a release reads. edits change their text.
func newCheckout(t *testing.T, tag string, edits ...func(name, text string) string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"CHANGELOG.md", "MODULE.bazel", "README.md", ".bcr/source.template.json", ".bcr/metadata.template.json", ".bcr/presubmit.yml"} {
		text := source(t, name)
		for _, edit := range edits {
			text = edit(name, text)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range []string{"init -q -b main", "add .", "-c user.name=t -c user.email=t@example.com commit -q -m all", "tag " + tag} {
		tool(t, "git", append([]string{"-C", dir}, strings.Fields(arguments)...)...)
	}
	return dir
}

// source reads a file of this repository. Bazel's tests run in its root, those of the go command in this directory.
func source(t *testing.T, name string) string {
	t.Helper()
	if _, err := os.Stat("MODULE.bazel"); err != nil {
		name = filepath.Join("../..", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tool runs one program and returns its output.
func tool(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	command := exec.Command(program, arguments...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, out, complaint.String())
	}
	return string(out)
}
