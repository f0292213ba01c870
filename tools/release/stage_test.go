package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newStage writes a stage with one asset and one image.
func newStage(t *testing.T) string {
	t.Helper()
	r := &release{
		contents: &contents{Version: "v1.2.3"}, source: &checkout{commit: "c0ffee", when: time.Unix(0, 0)}, output: t.TempDir(),
		images: []stagedIndex{{
			Repository: "registry.example/x/iptables-small", Digest: "sha256:" + strings.Repeat("a", 64), Tags: []string{"trixie-v1.2.3"},
			SBOMs: map[string]string{"sha256:" + strings.Repeat("b", 64): "images/bill"},
		}},
	}
	if err := r.asset("program", []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.asset(imageList, []byte(r.images[0].name()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.write("images/bill", []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := inOrder(context.Background(), []step{{"checksums", r.addChecksums}, {"stage", r.writeStage}}); err != nil {
		t.Fatal(err)
	}
	return r.output
}

// TestReadStage checks that readStage refuses each change of a stage.
func TestReadStage(t *testing.T) {
	if s, err := readStage(newStage(t), "registry.example/x"); err != nil || s.Version != "v1.2.3" || s.Commit != "c0ffee" {
		t.Fatalf("%+v, %v", s, err)
	}
	edit := func(name, from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			edited := strings.ReplaceAll(string(text), from, to)
			if edited == string(text) {
				t.Fatalf("%s: no %q to edit", name, from)
			}
			if err := os.WriteFile(path, []byte(edited), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/etc/passwd", path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		attack func(*testing.T, string)
		want   string
	}{
		"changed asset":          {edit("assets/program", "program", "another"), "assets/program: sha256"},
		"unlisted asset":         {func(t *testing.T, dir string) { os.WriteFile(filepath.Join(dir, "assets/new"), nil, 0o600) }, "assets/new: sha256"},
		"removed asset":          {func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "assets/program")) }, "program: listed in SHA256SUMS and missing"},
		"symlink as asset":       {link("assets/program"), "not a regular file"},
		"symlink as a directory": {link("assets"), "assets: not a regular file"},
		"symlink as SBOM":        {link("images/bill"), "not a regular file"},
		"SBOM outside":           {edit(stageName, "images/bill", "../../etc/passwd"), "not a regular file"},
		"absolute SBOM":          {edit(stageName, "images/bill", "/etc/passwd"), "not a regular file"},
		"another image":          {edit(stageName, "aaaa", "bbbb"), "other images than in"},
		"another tag":            {edit(stageName, "trixie-v1.2.3", "bookworm-v1.2.3"), "other images than in"},
		"no digest":              {edit(stageName, "sha256:aaaa", "md5:aaaa"), "digest or tag is missing"},
		"one more tag":           {edit(stageName, `"trixie-v1.2.3"`, `"trixie-v1.2.3", "latest"`), "tags"},
		"two more tags":          {edit(stageName, `"trixie-v1.2.3"`, `"trixie-v1.2.3", "trixie", "trixie"`), "tags"},
		"another version":        {edit(stageName, `"version": "v1.2.3"`, `"version": "v1.2.4"`), "tags"},
		"another repository":     {edit(stageName, "/x/iptables-small", "/x/other"), "not a repository of"},
		"a nested repository":    {edit(stageName, "/x/iptables-small", "/x/iptables-a/b"), "not a repository of"},
		"symlink in a layout": {func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, layoutName), 0o755); err != nil {
				t.Fatal(err)
			}
			link(layoutName+"/index.json")(t, dir)
		}, "layout/index.json: not a regular file"},
		"another registry":    {edit(stageName, "registry.example/x", "registry.example/xy"), "not a repository of"},
		"another field":       {edit(stageName, `"commit"`, `"comit"`), "unknown field"},
		"symlink as metadata": {link(stageName), "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newStage(t)
			test.attack(t, dir)
			if _, err := readStage(dir, "registry.example/x"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
		})
	}
}
