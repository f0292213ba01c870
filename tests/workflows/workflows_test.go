// Package workflows_test holds the GitHub workflows and the registry's metadata to this repository's rules: nothing that
// runs with its rights is fetched by a name that can move, and no list is kept in two places.
package workflows_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
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
	Timeout  int `json:"timeout-minutes"`
	Strategy struct {
		FailFast *bool          `json:"fail-fast"`
		Matrix   map[string]any `json:"matrix"`
	} `json:"strategy"`
	Steps []step `json:"steps"`
}

type step struct {
	Uses string         `json:"uses"`
	Run  string         `json:"run"`
	With map[string]any `json:"with"`
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
	for _, name := range []string{"ci.yaml", "nightly.yaml", "relock.yaml", "release.yaml"} {
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

// What GitHub would refuse or misread, as actionlint knows it; shellcheck over each script; and expressions whose text an
// outsider chooses and that would be pasted into a script.
func TestActionlint(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Log("SKIPPED in part: shellcheck is not in PATH (Debian: apt-get install shellcheck; ./bazelw --airgap has it)")
	}
	var report strings.Builder
	linter, err := actionlint.NewLinter(&report, &actionlint.LinterOptions{Shellcheck: shellcheck})
	if err != nil {
		t.Fatal(err)
	}
	for name := range read(t) {
		file := filepath.Join(root, ".github/workflows", name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		problems, err := linter.Lint(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) > 0 {
			t.Errorf("%s", &report)
			report.Reset()
		}
	}
}

// An expression in a script is pasted into its text before the shell reads it; a variable of the step's env is not.
func TestNoExpressionsInScripts(t *testing.T) {
	for name, w := range read(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: job %s: an expression inside a script: give it through env\n%s", name, id, s.Run)
				}
			}
		}
	}
}

// The token that checkout would leave in .git/config can be read by every program that a job runs.
func TestCheckoutsKeepNoCredentials(t *testing.T) {
	for name, w := range read(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: job %s: checkout without persist-credentials: false", name, id)
				}
			}
		}
	}
}

// A tag of an image can move, as an action's can.
func TestContainersArePinned(t *testing.T) {
	image := regexp.MustCompile(`(?m)^\s*(?:image|IMAGE|container): (.*)$`)
	pinned := regexp.MustCompile(`^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$`)
	for name := range read(t) {
		text, err := os.ReadFile(filepath.Join(root, ".github/workflows", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range image.FindAllStringSubmatch(string(text), -1) {
			if !pinned.MatchString(found[1]) {
				t.Errorf("%s: %s: want NAME:TAG@sha256:DIGEST", name, found[1])
			}
		}
	}
}

// Both ways, on both architectures that have runners, and with every Bazel that presubmit promises the registry.
func TestWhatCIRuns(t *testing.T) {
	ci := read(t)["ci.yaml"]
	runners, _ := ci.Jobs["connected"].Strategy.Matrix["runner"].([]any)
	if !slices.Contains(runners, any("ubuntu-24.04")) || !slices.Contains(runners, any("ubuntu-24.04-arm")) {
		t.Errorf("job connected runs on %v, want amd64 and arm64", runners)
	}
	for _, id := range []string{"connected", "airgap"} {
		if !slices.ContainsFunc(ci.Jobs[id].Steps, func(s step) bool { return strings.Contains(s.Run, ".ci/run") }) {
			t.Errorf("job %s does not run .ci/run", id)
		}
	}
	here, _ := ci.Jobs["downstream"].Strategy.Matrix["bazel"].([]any)
	if there := readPresubmit(t).Module.Matrix["bazel"]; !slices.Equal(here, there) || len(here) == 0 {
		t.Errorf("job downstream runs Bazel %v, the registry's presubmit %v", here, there)
	}
}

type presubmit struct {
	Module struct {
		Path   string           `json:"module_path"`
		Matrix map[string][]any `json:"matrix"`
		Tasks  map[string]struct {
			Name     string   `json:"name"`
			Bazel    string   `json:"bazel"`
			Platform string   `json:"platform"`
			Build    []string `json:"build_targets"`
			Test     []string `json:"test_targets"`
		} `json:"tasks"`
	} `json:"bcr_test_module"`
}

func readPresubmit(t *testing.T) presubmit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".bcr/presubmit.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var p presubmit
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// The registry's own test is the workspace that this repository tests, too. Each task names its Bazel, which the registry's
// validation (tools/bcr_validation.py of bazelbuild/bazel-central-registry) asks for.
func TestPresubmit(t *testing.T) {
	p := readPresubmit(t)
	if _, err := os.Stat(filepath.Join(root, p.Module.Path, "MODULE.bazel")); err != nil {
		t.Errorf("module_path: %v", err)
	}
	if len(p.Module.Tasks) == 0 {
		t.Error("no tasks")
	}
	for name, task := range p.Module.Tasks {
		if !slices.Equal(task.Build, []string{"//..."}) || len(task.Test) == 0 || task.Bazel == "" || task.Platform == "" {
			t.Errorf("task %s (%s) builds %v and tests %v with Bazel %q on %q, want all built, and a Bazel and a platform",
				name, task.Name, task.Build, task.Test, task.Bazel, task.Platform)
		}
	}
}

// As metadata.schema.json and bcr_validation.py of bazelbuild/bazel-central-registry have it: no other fields, and a
// maintainer's GitHub name only with its number.
func TestRegistryMetadata(t *testing.T) {
	var metadata struct {
		Homepage    string `json:"homepage"`
		Maintainers []struct {
			Name   string `json:"name"`
			Email  string `json:"email"`
			GitHub string `json:"github"`
			UserID int    `json:"github_user_id"`
		} `json:"maintainers"`
		Repository []string       `json:"repository"`
		Versions   []string       `json:"versions"`
		Yanked     map[string]any `json:"yanked_versions"`
	}
	strict(t, "metadata.template.json", &metadata)
	if metadata.Homepage == "" || len(metadata.Maintainers) == 0 || len(metadata.Repository) == 0 || metadata.Versions == nil {
		t.Errorf("metadata.template.json: homepage, maintainers, repository and versions are required: %+v", metadata)
	}
	for _, m := range metadata.Maintainers {
		if m.Name == "" {
			t.Errorf("metadata.template.json: a maintainer without a name: %+v", m)
		}
		if (m.GitHub == "") != (m.UserID == 0) {
			t.Errorf("metadata.template.json: %s: github and github_user_id stand together or not at all", m.Name)
		}
	}
	var source map[string]any
	strict(t, "source.template.json", &source)
	for _, field := range []string{"integrity", "strip_prefix", "url"} {
		if _, exists := source[field]; !exists {
			t.Errorf("source.template.json: no %s, which the registry requires", field)
		}
	}
}

func strict(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".bcr", name))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}
