package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func (m *made) registryEntry(t *testing.T) {
	dir := filepath.Join(m.output, "registry/modules/iptables_wrappers")
	version := filepath.Join(dir, m.moduleVersion())
	var source struct {
		URL, Integrity string
		Prefix         string            `json:"strip_prefix"`
		Patches        map[string]string `json:"patches"`
	}
	readJSON(t, filepath.Join(version, "source.json"), &source)
	archive := m.asset(filepath.Base(source.URL))
	unpacked := t.TempDir()
	tool(t, "tar", "-xzf", archive, "-C", unpacked)
	module := filepath.Join(unpacked, source.Prefix)
	if want := "https://github.com/iptables-wrappers/iptables-wrappers/releases/download/" + m.Version + "/"; !strings.HasPrefix(source.URL, want) {
		t.Errorf("url %s, want one below %s", source.URL, want)
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	if want := integrity(content); source.Integrity != want {
		t.Errorf("integrity %s, want %s", source.Integrity, want)
	}
	for patch, want := range source.Patches {
		path := filepath.Join(version, "patches", patch)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := integrity(text); got != want {
			t.Errorf("%s: integrity %s, want %s", patch, want, got)
		}
		tool(t, "git", "-C", module, "apply", "-p1", path)
	}
	// The registry compares both.
	inArchive, err := os.ReadFile(filepath.Join(module, "MODULE.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	inRegistry, err := os.ReadFile(filepath.Join(version, "MODULE.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(inArchive, inRegistry) {
		t.Error("MODULE.bazel is not that of the archive with its patches")
	}
	if want := `    version = "` + m.moduleVersion() + `",`; !strings.Contains(string(inRegistry), want) {
		t.Errorf("MODULE.bazel has no line %q", want)
	}
	var metadata struct{ Versions []string }
	readJSON(t, filepath.Join(dir, "metadata.json"), &metadata)
	if len(metadata.Versions) != 1 || metadata.Versions[0] != m.moduleVersion() {
		t.Errorf("metadata.json: versions %q, want %s", metadata.Versions, m.moduleVersion())
	}
	if _, err := os.Stat(filepath.Join(version, "presubmit.yml")); err != nil {
		t.Error(err)
	}
}

// The archive of a commit is the same from every clone.
func (m *made) sourceArchive(t *testing.T) {
	clone := t.TempDir()
	tool(t, "git", "clone", "-q", m.source, clone)
	checkout, err := openCheckout(context.Background(), clone, m.Version, true)
	if err != nil {
		t.Fatal(err)
	}
	r := &release{contents: m.contents, source: checkout, output: t.TempDir()}
	if err := r.addSource(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, want := fileSum(t, r.assetPath(r.sourceName())), fileSum(t, m.asset(r.sourceName())); got != want {
		t.Errorf("sha256 %s from a clone, %s from the checkout", got, want)
	}
}
