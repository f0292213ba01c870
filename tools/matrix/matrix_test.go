package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
)

func TestFilesAreUpToDate(t *testing.T) {
	want, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(content) {
			t.Errorf("%s does not say what images/distros.bzl says; run: ./bazelw run //images:update\n--- should be ---\n%s", name, content)
		}
	}
}

// A lock that nothing reads is a release that was taken out of the table, or whose name is misspelt there.
func TestEveryLockIsInTheTable(t *testing.T) {
	rows, err := readRows("../..")
	if err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob("../../images/*/*/packages.lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(locks) == 0 {
		t.Fatal("no lock found")
	}
	for _, lock := range locks {
		release := filepath.Dir(lock)
		distro := filepath.Base(filepath.Dir(release))
		if !slices.ContainsFunc(rows, func(r row) bool { return r.Distro == distro && r.Release == filepath.Base(release) }) {
			t.Errorf("%s: images/distros.bzl has no such release", lock)
		}
	}
}

func TestSupportByDay(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct {
		end       string
		supported bool
		today     string
		want      string
	}{
		{"2026-08-31", true, "2026-08-31 23:59:59", ""},
		{"2026-08-31", true, "2026-09-01 00:00:00", "support ended on 2026-08-31"},
		{"2026-08-31", false, "2026-09-01 00:00:00", ""},
		{"2026-08-31", false, "2026-08-31 12:00:00", "is marked as out of support"},
		{"", true, "2026-08-31 12:00:00", ""},
		{"", false, "2026-08-31 12:00:00", "end: "},
		{"August", true, "2026-08-31 12:00:00", "end: "},
	} {
		got := support(distros.Release{End: test.end, Supported: test.supported}, day(test.today))
		if got == "" != (test.want == "") || !strings.HasPrefix(got, test.want) {
			t.Errorf("end %q, supported %v, on %s: %q, want %q", test.end, test.supported, test.today, got, test.want)
		}
	}
}

func TestRows(t *testing.T) {
	root := t.TempDir()
	write(t, root, "images/distros.bzl", `
def _release(version, end = "", supported = True):
    return struct(version = version, architectures = {"arm/v7": "armhf", "amd64": "amd64"}, suites = [], end = end, supported = supported)

DISTROS = {
    "zeta": struct(title = "Zeta", format = "apk", variants = {"zeta": struct(packages = ["iptables"])}, releases = {
        "3.9": _release("3.9", "2020-02-01", False),
        "3.20": _release("3.20", "2030-01-31"),
    }),
    "alpha": struct(title = "Alpha", format = "deb", variants = {"b": struct(packages = []), "a": struct(packages = [])}, releases = {
        "code": _release("1"),
    }),
}
`)
	write(t, root, "images/alpha/code/packages.lock.json", "{}")
	write(t, root, "README.md", "above\n<!-- distros:begin (note) -->\nold\n<!-- distros:end -->\nbelow\n")
	if err := update(root); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"above",
		"<!-- distros:begin (note) -->",
		"| distribution | supported | image indexes | architectures |",
		"|---|---|---|---|",
		"| Alpha 1 (code) | yes | `//images/a:code`, `//images/b:code` | amd64, arm/v7 |",
		"| Zeta 3.20 | until 2030-01-31 | `//images/zeta:3.20` | amd64, arm/v7; skipped until locked: `./bazelw run //tools/lock -- zeta 3.20` |",
		"| Zeta 3.9 | **ended** 2020-02-01 | `//images/zeta:3.9` | amd64, arm/v7; skipped until locked: `./bazelw run //tools/lock -- zeta 3.9` |",
		"<!-- distros:end -->",
		"below",
		"",
	}, "\n")
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	rows, err := readRows(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || !rows[0].Locked || rows[1].Locked || rows[2].Locked {
		t.Errorf("only alpha is locked, but: %+v", rows)
	}
}

func TestMarkersMissing(t *testing.T) {
	for _, page := range []string{"", "<!-- distros:end -->\n<!-- distros:begin -->\n", "<!-- distros:begin -->\n"} {
		if _, err := replaceTable([]byte(page), nil); err == nil {
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
