package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
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

// planned returns the version that the commands in README.md use.
func planned(t *testing.T) string {
	t.Helper()
	match := regexp.MustCompile(`bazel_dep\(name = "iptables_wrappers", version = "([0-9.]+)"\)`).FindStringSubmatch(source(t, "README.md"))
	if match == nil {
		t.Fatal("README.md names no version of the Bazel module")
	}
	return match[1]
}

// named renames the section Unreleased of CHANGELOG.md to a version, unless a section has that name.
func named(version string) func(name, text string) string {
	return func(name, text string) string {
		if name == "CHANGELOG.md" && !strings.Contains(text, "\n## "+version+"\n") {
			text = strings.Replace(text, "\n## Unreleased\n", "\n## "+version+"\n", 1)
		}
		return text
	}
}

// withSection adds a section to CHANGELOG.md.
func withSection(version string) func(name, text string) string {
	return func(name, text string) string {
		if name == "CHANGELOG.md" {
			text += "\n## " + version + "\n\n- a\n"
		}
		return text
	}
}

// withStatus adds the paragraph of README.md that states that nothing is released, if it is missing.
func withStatus(name, text string) string {
	if name == "README.md" && !strings.Contains(text, "\n"+statusLine) {
		text = strings.Replace(text, "\n", "\n\n"+statusLine+" nothing is released yet.\n", 1)
	}
	return text
}

// withoutStatus removes the paragraph of README.md that states that nothing is released.
func withoutStatus(name, text string) string {
	if before, rest, found := strings.Cut(text, "\n"+statusLine); found && name == "README.md" {
		_, after, _ := strings.Cut(rest, "\n\n")
		return before + after
	}
	return text
}

// TestNotes checks the files of this repository before, during and after the first step of a release.
func TestNotes(t *testing.T) {
	version := planned(t)
	for name, test := range map[string]struct {
		version, want string
		edits         []func(name, text string) string
	}{
		"ready":               {"v" + version, "", []func(name, text string) string{named(version), withoutStatus}},
		"ready, pre-release":  {"v" + version + "-rc.1", "", []func(name, text string) string{named(version), withoutStatus}},
		"Status":              {"v" + version, "README.md: states that nothing is released", []func(name, text string) string{named(version), withStatus}},
		"Status, pre-release": {"v" + version + "-rc.1", "README.md: states that nothing is released", []func(name, text string) string{named(version), withStatus}},
		"no section":          {"v987.0.0", "CHANGELOG.md: no line is \"## 987.0.0\"", nil},
		"README of another":   {"v987.0.0", "README.md: has no", []func(name, text string) string{withSection("987.0.0"), withoutStatus}},
		"not of any version":  {unreleased, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := openCheckout(context.Background(), newCheckout(t, test.version, test.edits...), test.version, true)
			if err != nil {
				t.Fatal(err)
			}
			r := &release{contents: &contents{Version: test.version}, source: source, output: t.TempDir()}
			if err := r.addNotes(context.Background()); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			_, err = os.Stat(filepath.Join(r.output, "notes.md"))
			if written := err == nil; written != (test.want == "" && test.version != unreleased) {
				t.Errorf("notes.md is there: %v", written)
			}
		})
	}
}
