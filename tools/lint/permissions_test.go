package lint_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permissions maps a scope to its access. The short forms "read-all" and "write-all" have the scope "*".
type permissions map[string]string

// UnmarshalJSON reads both forms. An empty map is not nil, so that it differs from a missing one.
func (p *permissions) UnmarshalJSON(text []byte) error {
	var all string
	if json.Unmarshal(text, &all) == nil {
		*p = permissions{"*": all}
		return nil
	}
	scopes := map[string]string{}
	err := json.Unmarshal(text, &scopes)
	*p = scopes
	return err
}

func (p permissions) String() string {
	var scopes []string
	for _, scope := range slices.Sorted(maps.Keys(p)) {
		scopes = append(scopes, scope+": "+p[scope])
	}
	return strings.Join(scopes, ", ")
}

func (p permissions) writes() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(p)), func(access string) bool { return access != "read" && access != "none" })
}

// granted is the permission of each job, by workflow. A change here needs the same review as a change of the workflow. "*" stands
// for all other jobs of a workflow, and is only used where no job may write.
var granted = map[string]map[string]string{
	"ci.yaml":      {"*": "contents: read"},
	"nightly.yaml": {"*": "contents: read"},
	"relock.yaml": {
		"lock":  "contents: read",
		"open":  "contents: write, pull-requests: write",
		"check": "actions: write",
	},
	"release.yaml": {
		"test":     "contents: read",
		"build":    "contents: read",
		"sign":     "attestations: write, contents: read, id-token: write, packages: write",
		"publish":  "contents: write",
		"registry": "contents: read",
	},
	"codeql.yaml": {
		"analyze": "contents: read",
		"upload":  "security-events: write",
	},
	"scorecard.yaml": {
		"analyze": "contents: read",
		"upload":  "security-events: write",
	},
}

// executes matches the commands that execute what a checkout or a download contains. The only one in a job that may write is the
// program that signs.
var executes = regexp.MustCompile(`\b(bazelw?|bazelisk|docker|podman|make|npm|pip)\b|\bgo (build|generate|install|run|test)\b|\.ci/(relock|run|prepare|vulncheck)\b|^\s*\./`)

const signs = "go run ./tools/release --staged "

// excess lists the permissions and commands of a workflow that the table granted does not allow.
func excess(name string, w workflow) (found []string) {
	if w.Permissions.String() != "contents: read" {
		found = append(found, fmt.Sprintf("%s: permissions %q, want contents: read: a job that needs more declares it", name, w.Permissions))
	}
	rows := granted[name]
	for id := range rows {
		if _, exists := w.Jobs[id]; !exists && id != "*" {
			found = append(found, fmt.Sprintf("%s: job %s: in the table and not in the workflow", name, id))
		}
	}
	for id, j := range w.Jobs {
		want, listed := rows[id]
		if !listed {
			want, listed = rows["*"]
		}
		got := j.Permissions
		if got == nil {
			got = w.Permissions
		}
		switch {
		case !listed:
			found = append(found, fmt.Sprintf("%s: job %s: not in the table of permissions: add it to tools/lint/permissions_test.go", name, id))
		case got.String() != want:
			found = append(found, fmt.Sprintf("%s: job %s: permissions %q, want %q", name, id, got, want))
		}
		if !got.writes() {
			continue
		}
		for _, s := range j.Steps {
			if script := strings.ReplaceAll(s.Run, signs, ""); executes.MatchString(script) {
				found = append(found, fmt.Sprintf("%s: job %s may write (%s) and executes %q: move that to a job without write permissions",
					name, id, got, executes.FindString(script)))
			}
		}
	}
	return found
}

func TestPermissions(t *testing.T) {
	for name, w := range read(t) {
		for _, problem := range excess(name, w) {
			t.Error(problem)
		}
	}
}

// Edited copies of the real workflows: each edit gives a job more than it needs, and TestPermissions would report it.
func TestPermissionsMutations(t *testing.T) {
	const top = "\npermissions:\n  contents: read\n"
	for _, edit := range []struct{ what, file, from, to string }{
		{"a permission is added", "release.yaml", "  build:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 60\n    permissions:\n", "${0}      id-token: write\n"},
		{"read becomes write", "relock.yaml", "    permissions:\n      contents: read\n", "    permissions:\n      contents: write\n"},
		{"a job's permissions are removed", "release.yaml", "    permissions:\n      contents: write # the release\n", ""},
		{"a job gets all", "release.yaml", "    permissions:\n      contents: write # the release\n", "    permissions: write-all\n"},
		{"the workflow gets all", "ci.yaml", top, "\npermissions: write-all\n"},
		{"the workflow reads all", "nightly.yaml", top, "\npermissions: read-all\n"},
		{"the workflow has none", "nightly.yaml", top, ""},
		{"the workflow gets one more", "codeql.yaml", top, "${0}  packages: write\n"},
		{"a new job", "release.yaml", "\njobs:\n", "${0}  new:\n    runs-on: ubuntu-24.04\n"},
		{"a new job that writes", "ci.yaml", "\njobs:\n", "${0}  new:\n    permissions:\n      contents: write\n"},
		{"a job is renamed", "relock.yaml", "\n  check:\n", "\n  other:\n"},
		{"the signer tests", "release.yaml", signs, "./bazelw test //... && ${0}"},
		{"the signer builds", "release.yaml", signs, "go run ./tools/release --output dist "},
		{"the publisher runs a script", "relock.yaml", `\.ci/apply-locks `, ".ci/relock && ${0}"},
	} {
		t.Run(edit.what, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, ".github/workflows", edit.file))
			if err != nil {
				t.Fatal(err)
			}
			edited := regexp.MustCompile(edit.from).ReplaceAllString(string(text), edit.to)
			if edited == string(text) {
				t.Fatalf("%s: nothing matches %q", edit.file, edit.from)
			}
			w, err := parse([]byte(edited))
			if err != nil {
				t.Fatal(err)
			}
			problems := excess(edit.file, w)
			if len(problems) == 0 {
				t.Errorf("%s: passes", edit.file)
			}
			t.Log(problems)
		})
	}
}

// Every job must select a way to Bazel with AIRGAP. Otherwise a job for which the Bazel registry does not answer would silently
// build with the modules of tools/airgap.
func TestWayIsChosen(t *testing.T) {
	starts := regexp.MustCompile(`\./bazelw|\.ci/(run|relock)\b`)
	for name, w := range read(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if starts.MatchString(s.Run) && w.Env["AIRGAP"] == "" && j.Env["AIRGAP"] == "" && !strings.Contains(s.Run, "AIRGAP=1") {
					t.Errorf("%s: job %s: starts bazelw without AIRGAP in env", name, id)
				}
			}
		}
	}
}
