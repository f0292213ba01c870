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

// built reads what Bazel built for the tests.
func built(t *testing.T) *contents {
	t.Helper()
	c, err := readContents(needs.Variable(t, "RELEASE_CONTENTS"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newCheckout makes a repository with a tag from the files of this one that a release reads.
func newCheckout(t *testing.T, tag string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"CHANGELOG.md", "MODULE.bazel", "README.md", ".bcr/source.template.json", ".bcr/metadata.template.json", ".bcr/presubmit.yml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range []string{"init -q -b main", "add .", "-c user.name=t -c user.email=t@example.com commit -q -m all", "tag " + tag} {
		tool(t, "git", append([]string{"-C", dir}, strings.Fields(arguments)...)...)
	}
	return dir
}

// tool runs one program and returns what it prints.
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
