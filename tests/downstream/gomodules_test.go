package downstream_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/iptables-wrappers/iptables-wrappers/tests/gomodules"
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
	sums := gomodules.Sums(string(read(t, "GO_SUM")))
	committed := gomodules.Statements(t, read(t, "MODULE_BAZEL"), "go_deps.module")
	want := map[string]string{}
	for _, require := range goMod.Require {
		path, version := require.Mod.Path, require.Mod.Version
		if !slices.Contains(needed, gomodules.RepositoryName(path)) {
			continue
		}
		indirect := strings.Contains(committed[path], "indirect")
		want[path] = gomodules.Statement("go_deps.module", path, version, sums[path+" "+version], indirect)
	}
	if len(want) == 0 || len(want) != len(needed) {
		t.Errorf("go.mod names %d of the %d modules that are imported: %v", len(want), len(needed), needed)
	}
	gomodules.Compare(t, committed, want)
}
