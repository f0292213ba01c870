package kubernetes_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	readme     = "../../README.md" // the project's
	page       = "README.md"
	agent      = "daemonset.yaml"
	detector   = "node-problem-detector/daemonset.yaml"
	dockerfile = "node-problem-detector/Dockerfile"
	config     = "node-problem-detector/iptables-mode.json"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The examples must use the same release as the project's documentation, and the same version of node-problem-detector
// everywhere.
func TestVersions(t *testing.T) {
	for _, name := range []string{`ghcr\.io/iptables-wrappers/iptables-\w+:\w+-(v[0-9.]+[0-9])`, `node-problem-detector[:/](v[0-9.]+[0-9])`} {
		versions := map[string][]string{}
		for _, path := range []string{readme, page, agent, dockerfile} {
			for _, match := range regexp.MustCompile(name).FindAllStringSubmatch(read(t, path), -1) {
				versions[match[1]] = append(versions[match[1]], path)
			}
		}
		if len(versions) != 1 {
			t.Errorf("%s: not one version: %v", name, versions)
		}
	}
}

type container struct {
	Name            string
	SecurityContext struct {
		Capabilities struct{ Drop, Add []string }
	}
}

type daemonSet struct {
	Spec struct {
		Template struct {
			Spec struct{ InitContainers, Containers []container }
		}
	}
}

func containers(t *testing.T, path string) (all []container) {
	t.Helper()
	var set daemonSet
	if err := yaml.Unmarshal([]byte(read(t, path)), &set); err != nil {
		t.Fatal(err)
	}
	return append(set.Spec.Template.Spec.InitContainers, set.Spec.Template.Spec.Containers...)
}

// The agent must have the capabilities that README.md requires for an image. Containers that only detect must have the
// first of them.
func TestCapabilities(t *testing.T) {
	_, section, _ := strings.Cut(read(t, readme), "## What an image needs at run time")
	section, _, _ = strings.Cut(section, "\n## ")
	var needed []string
	for _, match := range regexp.MustCompile("(?m)^- `CAP_([A-Z_]+)`").FindAllStringSubmatch(section, -1) {
		needed = append(needed, match[1])
	}
	if len(needed) < 2 {
		t.Fatalf("%s names %v", readme, needed)
	}
	all := append(containers(t, agent), containers(t, detector)...)
	if len(all) != 3 {
		t.Fatalf("%d containers, not 3", len(all))
	}
	for _, c := range all {
		want := needed[:1]
		if c.Name == "agent" {
			want = needed
		}
		got := c.SecurityContext.Capabilities
		if !slices.Equal(got.Add, want) || !slices.Equal(got.Drop, []string{"ALL"}) {
			t.Errorf("%s: adds %v and drops %v; it needs %v", c.Name, got.Add, got.Drop, want)
		}
	}
}

// The detector's image must contain its files at the paths in its configuration and command line.
func TestPaths(t *testing.T) {
	var rules struct{ Rules []struct{ Path string } }
	if err := json.Unmarshal([]byte(read(t, config)), &rules); err != nil {
		t.Fatal(err)
	}
	if len(rules.Rules) != 1 {
		t.Fatalf("%d rules, not 1", len(rules.Rules))
	}
	text := read(t, dockerfile)
	for _, line := range []string{
		"COPY --chmod=0755 " + strings.TrimPrefix(rules.Rules[0].Path, "/config/") + " /config/\n",
		"COPY iptables-mode.json /config/\n",
		`--config.custom-plugin-monitor=/config/iptables-mode.json"`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%s: no %s", dockerfile, line)
		}
	}
}
