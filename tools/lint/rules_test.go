package lint_test

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryWorkflow(t *testing.T) {
	for name, w := range read(t) {
		t.Run(name, func(t *testing.T) {
			if w.Concurrency.Group == "" {
				t.Error("no concurrency group")
			}
			if w.Defaults.Run.Shell != "bash" {
				t.Error("defaults.run.shell is not bash: the default goes on when the first part of a pipe fails")
			}
			for id, j := range w.Jobs {
				if j.Timeout == 0 && j.Uses == "" {
					t.Errorf("job %s: no timeout-minutes: the default is six hours", id)
				}
				if j.Strategy.Matrix != nil && (j.Strategy.FailFast == nil || *j.Strategy.FailFast) {
					t.Errorf("job %s: fail-fast is not false: one release's failure would hide the others'", id)
				}
			}
		})
	}
}

// GitHub pastes an expression into the script before the shell parses it, so its value could be executed. A variable in
// the step's env is safe.
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

// By default, checkout writes a token into .git/config, where every program of the job can read it.
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

// The nightly workflow runs all fuzz targets: without arguments, tools/fuzz finds them itself.
func TestNightlyFuzz(t *testing.T) {
	for _, s := range read(t)["nightly.yaml"].Jobs["fuzz"].Steps {
		if strings.TrimSpace(s.Run) == "go run ./tools/fuzz -time 2m" {
			return
		}
	}
	t.Error("nightly.yaml: no step of the job fuzz runs go run ./tools/fuzz")
}

// CI must build in both ways, on both architectures that have runners, and with every Bazel version that presubmit
// names for the registry.
func TestCIMatrix(t *testing.T) {
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
