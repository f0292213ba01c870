package packages_test

import (
	"testing"

	"golang.org/x/mod/modfile"
)

// Bazel selects the highest version of a Go module for the whole build, and the go command one for each go.mod. So both
// go.mod files must name the same version of a module.
func TestModules(t *testing.T) {
	versions, shared := map[string]string{}, 0
	for _, variable := range []string{"GO_MOD", "NFPM_GO_MOD"} {
		parsed, err := modfile.Parse(variable, []byte(text(t, variable)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, require := range parsed.Require {
			path, version := require.Mod.Path, require.Mod.Version
			if other, found := versions[path]; found {
				shared++
				if version != other {
					t.Errorf("%s is %s in go.mod and %s in packages/nfpm/go.mod: give both the higher one", path, other, version)
				}
			}
			versions[path] = version
		}
	}
	if shared < 5 {
		t.Errorf("only %d modules are in both files", shared)
	}
}
