package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testdata/govulncheck.openvex.json is the output of govulncheck 1.9.0 for the wrapper, with a database of three entries about
// code that it does not call.
func TestVEX(t *testing.T) {
	original, err := os.ReadFile("testdata/govulncheck.openvex.json")
	if err != nil {
		t.Fatal(err)
	}
	image := stagedIndex{Repository: "registry.example/x/iptables-small", Digest: "sha256:" + strings.Repeat("a", 64)}
	add := func(text string) (*release, error) {
		file := filepath.Join(t.TempDir(), "vex")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := &release{contents: &contents{Version: "v1.2.3"}, output: t.TempDir(), vex: file, images: []stagedIndex{image}}
		return r, r.addVEX(context.Background())
	}
	r, err := add(string(original))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.assetPath(vexName))
	if err != nil {
		t.Fatal(err)
	}
	var v vex
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if v.Context != "https://openvex.dev/ns/v0.2.0" || strings.Contains(string(text), "Unknown") || len(v.Statements) != 3 {
		t.Errorf("%s", text)
	}
	for _, s := range v.Statements {
		var products []string
		for _, p := range s.Products {
			products = append(products, p.ID)
			if len(p.Subcomponents) != 1 {
				t.Errorf("%s: subcomponents %v", s.Vulnerability.Name, p.Subcomponents)
			}
		}
		want := []string{
			"pkg:golang/github.com/iptables-wrappers/iptables-wrappers@v1.2.3#wrapper",
			"pkg:oci/iptables-small@sha256%3A" + strings.Repeat("a", 64) + "?repository_url=registry.example%2Fx%2Fiptables-small",
		}
		if !slices.Equal(products, want) {
			t.Errorf("%s: products %q, want %q", s.Vulnerability.Name, products, want)
		}
	}
	if got := v.Statements[2].Products[0].Subcomponents[0].ID; got != "pkg:golang/golang.org/x/sys@v0.49.0" {
		t.Errorf("subcomponent %s: not as in the SBOM", got)
	}
	if r, err := add(`{"@context": "https://openvex.dev/ns/v0.2.0"}`); err != nil || len(r.assets) > 0 {
		t.Errorf("without a statement: %v, %v", r.assets, err)
	}
	for name, wrong := range map[string]string{
		"called":           strings.Replace(string(original), `"not_affected"`, `"affected"`, 1),
		"no document":      "",
		"another document": `{"osv": {}}`,
	} {
		if r, err := add(wrong); err == nil || len(r.assets) > 0 {
			t.Errorf("%s: accepted", name)
		}
	}
}
