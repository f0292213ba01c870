package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSection(t *testing.T) {
	const changelog = "# Changelog\n\n## Unreleased\n\n## 1.2.3\n\n### Added\n\n- a\n\n## 1.2.2\n- b\n## 1.2.1\n"
	for version, want := range map[string]string{"1.2.3": "### Added\n\n- a\n", "1.2.2": "- b\n"} {
		if got, err := section(changelog, version); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", version, got, err, want)
		}
	}
	for version, want := range map[string]string{"1.2.1": "nothing stands below", "1.2": "no line is", "1.2.30": "no line is", "2": "no line is"} {
		if got, err := section(changelog, version); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want an error with %q", version, got, err, want)
		}
	}
}

// A version that this repository's CHANGELOG.md and README.md are of, one that they are not, and one before it.
func TestNotes(t *testing.T) {
	for version, want := range map[string]string{
		"v1.0.0":      "",
		"v1.0.0-rc.1": "",
		"v987.0.0":    "CHANGELOG.md: no line is \"## 987.0.0\"",
		unreleased:    "",
	} {
		source, err := openCheckout(context.Background(), newCheckout(t, version), version, true)
		if err != nil {
			t.Fatal(err)
		}
		r := &release{contents: &contents{Version: version}, source: source, output: t.TempDir()}
		if err := r.addNotes(context.Background()); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", version, err, want)
		}
		_, err = os.Stat(filepath.Join(r.output, "notes.md"))
		if written := err == nil; written != (want == "" && version != unreleased) {
			t.Errorf("%s: notes.md is there: %v", version, written)
		}
	}
}

// The README of one release is refused for the next.
func TestReadmeOfAnother(t *testing.T) {
	dir := newCheckout(t, "v1.0.0")
	changelog := filepath.Join(dir, "CHANGELOG.md")
	if err := os.WriteFile(changelog, []byte("## 1.0.1\n\n- a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range []string{"-c user.name=t -c user.email=t@example.com commit -q -m next .", "tag v1.0.1"} {
		tool(t, "git", append([]string{"-C", dir}, strings.Fields(arguments)...)...)
	}
	source, err := openCheckout(context.Background(), dir, "v1.0.1", true)
	if err != nil {
		t.Fatal(err)
	}
	r := &release{contents: &contents{Version: "v1.0.1"}, source: source, output: t.TempDir()}
	if err := r.addNotes(context.Background()); err == nil || !strings.Contains(err.Error(), "README.md: has no") {
		t.Errorf("%v, want an error of README.md", err)
	}
}
