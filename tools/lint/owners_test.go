package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// CODEOWNERS names paths that exist. Otherwise a renamed directory silently needs one review less.
func TestCodeOwners(t *testing.T) {
	root := checkout(t)
	text, err := os.ReadFile(filepath.Join(root, ".github/CODEOWNERS"))
	if err != nil {
		t.Fatal(err)
	}
	paths := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "*" || strings.HasPrefix(fields[0], "#") {
			continue
		}
		paths++
		if _, err := os.Stat(filepath.Join(root, fields[0])); err != nil {
			t.Errorf("CODEOWNERS: %v", err)
		}
		if len(fields) < 3 {
			t.Errorf("CODEOWNERS: %s: want two teams", fields[0])
		}
	}
	if paths == 0 {
		t.Error("CODEOWNERS names no path")
	}
}

// TestDependabot checks that the configuration of Dependabot lists each directory that contains a go.mod.
func TestDependabot(t *testing.T) {
	root := checkout(t)
	text, err := os.ReadFile(filepath.Join(root, ".github/dependabot.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, match := range regexp.MustCompile(`(?m)^      - (/.*)$`).FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, match[1])
	}
	var modules []string
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || strings.HasPrefix(entry.Name(), "bazel-")) {
			return fs.SkipDir
		}
		if err == nil && entry.Name() == "go.mod" {
			modules = append(modules, "/"+strings.TrimPrefix(strings.TrimPrefix(filepath.Dir(path), root), "/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(listed)
	slices.Sort(modules)
	if !slices.Equal(listed, modules) {
		t.Errorf("dependabot.yml lists %q, the checkout has go.mod in %q", listed, modules)
	}
}

// TestSecurityClaims checks that each test that SECURITY.md names exists, and that each row of its tables names one.
func TestSecurityClaims(t *testing.T) {
	root := checkout(t)
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	eachFile(t, root, "_test.go", func(_ string, source []byte) {
		for _, match := range declared.FindAllSubmatch(source, -1) {
			functions[string(match[1])] = true
		}
	})
	claims := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(text), -1)
	if len(claims) == 0 {
		t.Fatal("SECURITY.md names no test")
	}
	for _, claim := range claims {
		if !functions[claim[1]] {
			t.Errorf("SECURITY.md: %s: no test has this name", claim[1])
		}
	}
	rows := regexp.MustCompile(`(?m)^\| .*\| (.*) \|$`).FindAllStringSubmatch(string(text), -1)
	for _, row := range rows {
		if cell := row[1]; cell != "test" && !strings.HasPrefix(cell, "`Test") {
			t.Errorf("SECURITY.md: %s: the last cell of the row names no test", row[0])
		}
	}
}
