package lint_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

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

// The registry must test the same workspace as this repository. Each task must name its Bazel version, as the
// registry's validation requires (tools/bcr_validation.py of bazelbuild/bazel-central-registry).
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

// These are the rules of metadata.schema.json and bcr_validation.py in bazelbuild/bazel-central-registry: no other
// fields, and a maintainer's GitHub name only with its number.
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
