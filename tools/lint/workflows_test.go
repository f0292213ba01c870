// Package lint_test checks the GitHub workflows and the registry's metadata. What runs with the workflows' privileges
// must not be fetched by a name that can move, and no list may be kept in two places.
package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

const root = "../.."

type workflow struct {
	Permissions permissions       `json:"permissions"`
	Env         map[string]string `json:"env"`
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
	Permissions permissions       `json:"permissions"`
	Env         map[string]string `json:"env"`
	Uses        string            `json:"uses"` // a reusable workflow, which has its own steps and timeouts
	Timeout     int               `json:"timeout-minutes"`
	Strategy    struct {
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

// read parses all workflows, by file name.
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
		w, err := parse(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(w.Jobs) == 0 {
			t.Errorf("%s: no jobs", file)
		}
		all[filepath.Base(file)] = w
	}
	for _, name := range []string{"ci.yaml", "codeql.yaml", "nightly.yaml", "relock.yaml", "release.yaml", "scorecard.yaml"} {
		if _, exists := all[name]; !exists {
			t.Errorf("%s: missing", name)
		}
	}
	return all
}

func parse(text []byte) (w workflow, err error) {
	err = yaml.Unmarshal(text, &w)
	return w, err
}
