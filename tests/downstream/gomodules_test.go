package downstream_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"golang.org/x/mod/modfile"
)

// The Go modules for builds of other modules (go_deps.module in MODULE.bazel) must be those that the programs import,
// with the versions and sums with which this repository is tested.
func TestGoModules(t *testing.T) {
	var needed []string
	for label := range strings.FieldsSeq(string(read(t, "LIBRARIES"))) {
		// @@gazelle~~go_deps~com_github_klauspost_compress//gzip; from Bazel 8 on, with + in place of ~
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
	moduleBazel, err := build.ParseModule("MODULE.bazel", read(t, "MODULE_BAZEL"))
	if err != nil {
		t.Fatal(err)
	}
	committed, indirect := map[string]string{}, map[string]string{}
	for _, call := range moduleBazel.Rules("go_deps.module") {
		path := call.AttrString("path")
		committed[path] = build.FormatString(call.Call) + "\n"
		if call.Attr("indirect") != nil {
			indirect[path] = "    indirect = True,\n"
		}
	}
	want := map[string]string{}
	for _, require := range goMod.Require {
		path, version := require.Mod.Path, require.Mod.Version
		if slices.Contains(needed, repositoryName(path)) {
			want[path] = fmt.Sprintf("go_deps.module(\n%s    path = %q,\n    sum = %q,\n    version = %q,\n)\n",
				indirect[path], path, sums[path+" "+version], version)
		}
	}
	if len(want) == 0 || len(want) != len(needed) {
		t.Errorf("go.mod names %d of the %d modules that are imported: %v", len(want), len(needed), needed)
	}
	if !maps.Equal(committed, want) {
		var all strings.Builder
		for _, path := range slices.Sorted(maps.Keys(want)) {
			all.WriteString(want[path])
		}
		t.Errorf("MODULE.bazel must contain exactly these statements:\n%s", &all)
	}
}

// repositoryName returns Gazelle's name for a Go module's repository: the path with the parts of its host reversed.
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
