package packages_test

import (
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/iptables-wrappers/iptables-wrappers/tests/gomodules"
)

// The versions of nFPM's Go modules in MODULE.bazel (go_dev_deps.module) must be those that the go command selects for
// packages/nfpm/go.mod. Modules that both go.mod files need must have the same version.
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
	sums := gomodules.Sums(text(t, "NFPM_GO_SUM"))
	libraries := text(t, "NFPM_LIBRARIES")
	want := map[string]string{}
	for path, version := range nfpm {
		if is, shared := repository[path]; shared {
			if is != version {
				t.Errorf("%s is %s in go.mod and %s in packages/nfpm/go.mod: give both the higher one", path, is, version)
			}
			continue
		}
		// The repository is called @@gazelle~~go_deps~com_github_google_uuid; from Bazel 8 on, with + in place of ~. A
		// module for another system is missing.
		name := gomodules.RepositoryName(path)
		if !strings.Contains(libraries, "go_deps~"+name+"//") && !strings.Contains(libraries, "go_deps+"+name+"//") {
			continue
		}
		indirect := path != "github.com/goreleaser/nfpm/v2"
		want[path] = gomodules.Statement("go_dev_deps.module", path, version, sums[path+" "+version], indirect)
	}
	if len(want) < 5 {
		t.Errorf("only %d modules are found", len(want))
	}
	gomodules.Compare(t, gomodules.Statements(t, []byte(text(t, "MODULE_BAZEL")), "go_dev_deps.module"), want)
}
