package packages_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"golang.org/x/mod/modfile"
)

// What Bazel has of nFPM's Go modules (go_dev_deps.module in MODULE.bazel) is what the go command has by packages/nfpm/go.mod, and
// what both modules need is of one version.
func TestModules(t *testing.T) {
	required := func(variable string) map[string]string {
		parsed, err := modfile.Parse(variable, []byte(text(t, variable)), nil)
		if err != nil {
			t.Fatal(err)
		}
		versions := map[string]string{}
		for _, require := range parsed.Require {
			versions[require.Mod.Path] = require.Mod.Version
		}
		return versions
	}
	repository, nfpm := required("GO_MOD"), required("NFPM_GO_MOD")
	sums := map[string]string{}
	for line := range strings.Lines(text(t, "NFPM_GO_SUM")) {
		if fields := strings.Fields(line); len(fields) == 3 {
			sums[fields[0]+" "+fields[1]] = fields[2]
		}
	}
	parsed, err := build.ParseModule("MODULE.bazel", []byte(text(t, "MODULE_BAZEL")))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for _, call := range parsed.Rules("go_dev_deps.module") {
		given[call.AttrString("path")] = build.FormatString(call.Call) + "\n"
	}
	libraries := text(t, "NFPM_LIBRARIES")
	want := map[string]string{}
	for path, version := range nfpm {
		if is, shared := repository[path]; shared {
			if is != version {
				t.Errorf("%s is %s in go.mod and %s in packages/nfpm/go.mod: give both the higher one", path, is, version)
			}
			continue
		}
		// @@gazelle~~go_deps~com_github_google_uuid//:uuid, with + for ~ from Bazel 8 on; a module for another system is not there.
		if !strings.Contains(libraries, "go_deps~"+repositoryName(path)+"//") && !strings.Contains(libraries, "go_deps+"+repositoryName(path)+"//") {
			continue
		}
		indirect := "    indirect = True,\n"
		if path == "github.com/goreleaser/nfpm/v2" {
			indirect = ""
		}
		want[path] = fmt.Sprintf("go_dev_deps.module(\n%s    path = %q,\n    sum = %q,\n    version = %q,\n)\n", indirect, path, sums[path+" "+version], version)
	}
	if len(want) < 5 {
		t.Errorf("only %d modules are found", len(want))
	}
	if !maps.Equal(given, want) {
		var all strings.Builder
		for _, path := range slices.Sorted(maps.Keys(want)) {
			all.WriteString(want[path])
		}
		t.Errorf("MODULE.bazel: these should stand there:\n%s", &all)
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
