package main

import (
	"context"
	"fmt"
	"strings"
)

// statusLine is the beginning of the paragraph of README.md that states that nothing is released. The paragraph must exist until
// CHANGELOG.md has a section of a version (tools/lint checks that).
const statusLine = "> **Status**:"

// addNotes writes the release notes: the section of the version in the commit's CHANGELOG.md. A release without one is refused.
// v1.2.3-rc.1 has the section of 1.2.3. A build without a version has no notes.
func (r *release) addNotes(ctx context.Context) error {
	if r.Version == unreleased {
		return nil
	}
	changelog, err := r.source.git(ctx, "show", r.source.commit+":CHANGELOG.md")
	if err != nil {
		return err
	}
	version, _, _ := strings.Cut(r.moduleVersion(), "-")
	notes, err := section(string(changelog), version)
	if err != nil {
		return err
	}
	readme, err := r.source.git(ctx, "show", r.source.commit+":README.md")
	if err != nil {
		return err
	}
	if strings.Contains("\n"+string(readme), "\n"+statusLine) {
		return fmt.Errorf("README.md: states that nothing is released: remove the paragraph that begins with %q, and commit", statusLine)
	}
	if !r.prerelease() {
		if err := examplesOf(string(readme), r.Version, version); err != nil {
			return err
		}
	}
	return r.write("notes.md", []byte(notes), 0o644)
}

// examplesOf checks that the commands in the README use this release.
func examplesOf(readme, tag, version string) error {
	for _, line := range []string{
		fmt.Sprintf("bazel_dep(name = %q, version = %q)", "iptables_wrappers", version),
		"releases/download/" + tag + "\n",
	} {
		if !strings.Contains(readme, line) {
			return fmt.Errorf("README.md: has no %q: its examples are of another release: write %s there", strings.TrimSpace(line), version)
		}
	}
	return nil
}

// section returns the text below "## VERSION" in a changelog.
func section(changelog, version string) (string, error) {
	_, rest, found := strings.Cut("\n"+changelog, "\n## "+version+"\n")
	if !found {
		return "", fmt.Errorf("CHANGELOG.md: no line is \"## %s\": a release says what changed: rename the section Unreleased, and commit", version)
	}
	text, _, _ := strings.Cut("\n"+rest, "\n## ")
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("CHANGELOG.md: nothing stands below \"## %s\": a release says what changed: write it there, and commit", version)
	}
	return text + "\n", nil
}
