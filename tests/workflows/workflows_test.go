// Package workflows_test holds the GitHub workflows and the registry's metadata to this repository's rules: nothing that
// runs with its rights is fetched by a name that can move, and no list is kept in two places.
package workflows_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const root = "../.."

type workflow struct {
	Permissions map[string]string `json:"permissions"`
	Concurrency struct {
		Group string `json:"group"`
	} `json:"concurrency"`
	Defaults struct {
		Run struct {
			Shell string `json:"shell"`
		} `json:"run"`
	} `json:"defaults"`
	Jobs map[string]job `json:"jobs"`
}

type job struct {
	Needs    any `json:"needs"`
	Timeout  int `json:"timeout-minutes"`
	Strategy struct {
		FailFast *bool          `json:"fail-fast"`
		Matrix   map[string]any `json:"matrix"`
	} `json:"strategy"`
	Outputs map[string]string `json:"outputs"`
	Steps   []step            `json:"steps"`
}

type step struct {
	Uses string `json:"uses"`
	Run  string `json:"run"`
}

// read parses every workflow, by file name.
func read(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(w.Jobs) == 0 {
			t.Errorf("%s: no jobs", file)
		}
		all[filepath.Base(file)] = w
	}
	for _, name := range []string{"ci.yaml", "relock.yaml", "release.yaml"} {
		if _, exists := all[name]; !exists {
			t.Errorf("%s: missing", name)
		}
	}
	return all
}

func TestEveryWorkflow(t *testing.T) {
	for name, w := range read(t) {
		t.Run(name, func(t *testing.T) {
			if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
				t.Errorf("permissions %v: a workflow's are contents: read; the one job that needs more asks for it", w.Permissions)
			}
			if w.Concurrency.Group == "" {
				t.Error("no concurrency group")
			}
			if w.Defaults.Run.Shell != "bash" {
				t.Error("defaults.run.shell is not bash: the default goes on when the first part of a pipe fails")
			}
			for id, j := range w.Jobs {
				if j.Timeout == 0 {
					t.Errorf("job %s: no timeout-minutes: the default is six hours", id)
				}
				if j.Strategy.Matrix != nil && (j.Strategy.FailFast == nil || *j.Strategy.FailFast) {
					t.Errorf("job %s: fail-fast is not false: one release's failure would hide the others'", id)
				}
			}
		})
	}
}

func TestActionsArePinned(t *testing.T) {
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses:.*$`)
	pinned := regexp.MustCompile(`^\s*(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$`)
	for name := range read(t) {
		text, err := os.ReadFile(filepath.Join(root, ".github/workflows", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range uses.FindAllString(string(text), -1) {
			if !pinned.MatchString(line) {
				t.Errorf("%s: %q: want uses: OWNER/NAME@COMMIT # vVERSION", name, strings.TrimSpace(line))
			}
		}
	}
}

// An expression in a script is pasted into its text before the shell reads it; a variable of the step's env is not.
func TestScripts(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not in PATH (Debian: apt-get install shellcheck; ./bazelw --airgap has it)")
	}
	for name, w := range read(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Run == "" {
					continue
				}
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: job %s: an expression inside a script: give it through env\n%s", name, id, s.Run)
				}
				// SC2086: $SUDO is split into words on purpose.
				command := exec.Command(shellcheck, "--shell=bash", "--exclude=SC2086", "-")
				command.Stdin = strings.NewReader(s.Run)
				if output, err := command.CombinedOutput(); err != nil {
					t.Errorf("%s: job %s: %v\n%s", name, id, err, output)
				}
			}
		}
	}
}

func TestOneJobForEachRelease(t *testing.T) {
	ci := read(t)["ci.yaml"]
	if got, want := ci.Jobs["image"].Strategy.Matrix["image"], "${{ fromJSON(needs.matrix.outputs.images) }}"; got != want {
		t.Errorf("job image has one run for each of %v, want %s", got, want)
	}
	if got, want := ci.Jobs["matrix"].Outputs["images"], "${{ steps.read.outputs.images }}"; got != want {
		t.Errorf("output images of job matrix is %q, want %s", got, want)
	}
	if !slices.ContainsFunc(ci.Jobs["matrix"].Steps, func(s step) bool { return strings.Contains(s.Run, "images/matrix.json") }) {
		t.Error("job matrix does not read images/matrix.json")
	}
	for _, id := range []string{"image", "all"} {
		ways, _ := ci.Jobs[id].Strategy.Matrix["way"].([]any)
		if !slices.Contains(ways, any("connected")) || !slices.Contains(ways, any("airgap")) {
			t.Errorf("job %s runs in the ways %v, want both", id, ways)
		}
	}
}

// The registry's own test is the workspace that this repository tests, too.
func TestRegistryMetadata(t *testing.T) {
	var presubmit struct {
		Module struct {
			Path  string `json:"module_path"`
			Tasks map[string]struct {
				Targets []string `json:"test_targets"`
			} `json:"tasks"`
		} `json:"bcr_test_module"`
	}
	text, err := os.ReadFile(filepath.Join(root, ".bcr/presubmit.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &presubmit); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, presubmit.Module.Path, "MODULE.bazel")); err != nil {
		t.Errorf("module_path: %v", err)
	}
	if len(presubmit.Module.Tasks) == 0 {
		t.Error("no tasks")
	}
	for name, task := range presubmit.Module.Tasks {
		if !slices.Equal(task.Targets, []string{"//..."}) {
			t.Errorf("task %s tests %v, want //...", name, task.Targets)
		}
	}
	for file, fields := range map[string][]string{
		"metadata.template.json": {"homepage", "maintainers", "repository", "versions", "yanked_versions"},
		"source.template.json":   {"integrity", "strip_prefix", "url"},
	} {
		text, err := os.ReadFile(filepath.Join(root, ".bcr", file))
		if err != nil {
			t.Fatal(err)
		}
		var content map[string]any
		if err := json.Unmarshal(text, &content); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, field := range fields {
			if _, exists := content[field]; !exists {
				t.Errorf("%s: no %s, which the registry requires", file, field)
			}
		}
	}
}
