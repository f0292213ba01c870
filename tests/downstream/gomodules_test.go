package downstream_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"golang.org/x/mod/modfile"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// What others' builds get of Go modules (go_deps.module in MODULE.bazel) is what the programs built there import, and is of
// the version and sum that this repository is tested with.
func TestGoModules(t *testing.T) {
	var needed []string
	for label := range strings.FieldsSeq(string(read(t, "LIBRARIES"))) {
		// @@gazelle~~go_deps~com_github_klauspost_compress//gzip, with + for ~ from Bazel 8 on
		repository, _, _ := strings.Cut(label, "//")
		if _, name, external := strings.Cut(repository, "go_deps"); external {
			needed = append(needed, name[1:])
		}
	}
	slices.Sort(needed)
	needed = slices.Compact(needed)

	goMod, err := modfile.Parse("go.mod", read(t, "GO_MOD"), nil)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(read(t, "GO_SUM"))) {
		if fields := strings.Fields(line); len(fields) == 3 {
			sums[fields[0]+" "+fields[1]] = fields[2]
		}
	}
	given := modules(t)
	want := map[string]string{}
	for _, require := range goMod.Require {
		path, version := require.Mod.Path, require.Mod.Version
		if !slices.Contains(needed, repositoryName(path)) {
			continue
		}
		indirect := ""
		if strings.Contains(given[path], "indirect") {
			indirect = "    indirect = True,\n"
		}
		want[path] = fmt.Sprintf("go_deps.module(\n%s    path = %q,\n    sum = %q,\n    version = %q,\n)\n", indirect, path, sums[path+" "+version], version)
	}
	if len(want) == 0 || len(want) != len(needed) {
		t.Errorf("go.mod names %d of the %d modules that are imported: %v", len(want), len(needed), needed)
	}
	if !maps.Equal(given, want) {
		var all strings.Builder
		for _, path := range slices.Sorted(maps.Keys(want)) {
			all.WriteString(want[path])
		}
		t.Errorf("MODULE.bazel: other modules' builds need these, no more and no fewer:\n%s", &all)
	}
}

// repositoryName is Gazelle's name for a Go module's repository: its path with the host's parts in reverse.
func repositoryName(path string) string {
	host, rest, _ := strings.Cut(path, "/")
	parts := strings.Split(host, ".")
	slices.Reverse(parts)
	name := strings.ToLower(strings.Join(parts, "_") + "/" + rest)
	return strings.Map(func(r rune) rune {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return '_'
		}
		return r
	}, name)
}

// modules returns the calls of go_deps.module in MODULE.bazel by path, as buildifier formats them.
func modules(t *testing.T) map[string]string {
	t.Helper()
	file, err := build.ParseModule("MODULE.bazel", read(t, "MODULE_BAZEL"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, call := range file.Rules("go_deps.module") {
		all[call.AttrString("path")] = build.FormatString(call.Call) + "\n"
	}
	return all
}

// read returns the files that a variable names, one after another.
func read(t *testing.T, variable string) []byte {
	t.Helper()
	var text []byte
	for name := range strings.FieldsSeq(needs.Variable(t, variable)) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, data...)
	}
	return text
}
