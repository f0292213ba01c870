package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// A test of //images compares distros.generated.json with distros.bzl.
func TestFilesAreUpToDate(t *testing.T) {
	table, err := images.Read("../distros.generated.json")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := releases(table, "..")
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func([]byte, []release) ([]byte, error){"README.md": describe, ".github/workflows/ci.yaml": matrix} {
		got, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := edit(got, rows)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from images/distros.bzl; run: ./bazelw run //images:update\n--- should be ---\n%s", name, want)
		}
	}
}

// A lock that is not in the table belongs to a removed release, or its name is misspelt in the table.
func TestEveryLockIsInTheTable(t *testing.T) {
	table, err := images.Read("../distros.generated.json")
	if err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob("../*/*/packages.lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(locks) == 0 {
		t.Fatal("no lock found")
	}
	for _, lock := range locks {
		release := filepath.Dir(lock)
		if _, exists := table[filepath.Base(filepath.Dir(release))].Releases[filepath.Base(release)]; !exists {
			t.Errorf("%s: images/distros.bzl has no such release", lock)
		}
	}
}

func TestUpdate(t *testing.T) {
	root := t.TempDir()
	const table = `{
  "zeta": {"title": "Zeta", "format": "apk", "variants": {"zeta": {"packages": ["iptables"]}}, "releases": {
    "3.9": {"version": "3.9", "architectures": {"arm/v7": "armhf", "amd64": "amd64"}, "end": "2020-02-01", "supported": false},
    "3.20": {"version": "3.20", "architectures": {"arm/v7": "armhf", "amd64": "amd64"}, "end": "2030-01-31", "supported": true}
  }},
  "alpha": {"title": "Alpha", "format": "deb", "variants": {"b": {"packages": []}, "a": {"packages": []}}, "releases": {
    "code": {"version": "1", "architectures": {"arm64": "arm64", "amd64": "amd64"}, "end": "", "supported": true}
  }}
}
`
	write(t, root, "table.json", table)
	write(t, root, "images/alpha/code/packages.lock.json", "{}")
	write(t, root, "README.md", "above\n<!-- distros:begin (note) -->\nold\n<!-- distros:end -->\nbelow\n")
	write(t, root, ".github/workflows/ci.yaml", "        include:\n          # distros:begin (note)\n          - old\n          # distros:end\n    steps: []\n")
	if err := run(root, []string{filepath.Join(root, "table.json")}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"images/distros.generated.json": table,
		"README.md": strings.Join([]string{
			"above",
			"<!-- distros:begin (note) -->",
			"| distribution | support ends | image indexes | architectures |",
			"|---|---|---|---|",
			"| Alpha 1 (code) | no date yet | `//images/a:code`, `//images/b:code` | amd64, arm64 |",
			"",
			needLock,
			"",
			"| distribution | support ends | image indexes | architectures | lock |",
			"|---|---|---|---|---|",
			"| Zeta 3.20 | 2030-01-31 | `//images/zeta:3.20` | amd64, arm/v7 | `./bazelw run //tools/lock -- zeta 3.20` |",
			"| Zeta 3.9 | **ended** 2020-02-01 | `//images/zeta:3.9` | amd64, arm/v7 | `./bazelw run //tools/lock -- zeta 3.9` |",
			"<!-- distros:end -->",
			"below",
			"",
		}, "\n"),
		".github/workflows/ci.yaml": strings.Join([]string{
			"        include:",
			"          # distros:begin (note)",
			`          - {title: "Alpha 1, amd64", distro: "alpha", release: "code", runner: "ubuntu-24.04"}`,
			`          - {title: "Alpha 1, arm64", distro: "alpha", release: "code", runner: "ubuntu-24.04-arm"}`,
			`          - {title: "Zeta 3.20 (not locked)", distro: "zeta", release: "3.20", runner: "ubuntu-24.04"}`,
			`          - {title: "Zeta 3.9 (not locked)", distro: "zeta", release: "3.9", runner: "ubuntu-24.04"}`,
			"          # distros:end",
			"    steps: []",
			"",
		}, "\n"),
	} {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s: got:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

func TestMarkersMissing(t *testing.T) {
	for _, page := range []string{"", "<!-- distros:end -->\n<!-- distros:begin -->\n", "<!-- distros:begin -->\n", "<!-- distros:begin --> <!-- distros:end -->\n"} {
		if _, err := describe([]byte(page), nil); err == nil {
			t.Errorf("%q: no error", page)
		}
	}
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
