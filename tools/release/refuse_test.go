package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A release that must not be published is refused before any file is written.
func TestRefusals(t *testing.T) {
	c := built(t)
	clean, dirty, untagged := newCheckout(t, c.Version), newCheckout(t, c.Version), newCheckout(t, "v0.0.1")
	if err := os.WriteFile(filepath.Join(dirty, "new"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "dist")
	for name, test := range map[string]struct {
		options
		want string
	}{
		"no directory":    {options{source: clean}, "--output: missing"},
		"full directory":  {options{source: clean, output: full}, "not empty"},
		"temporary key":   {options{source: clean, output: out, registry: "registry.example/x"}, "which no user can verify"},
		"key and keyless": {options{source: clean, output: out, key: "k", identity: "i"}, "signed in one way"},
		"signed stage":    {options{source: clean, output: out, registry: "registry.example/x", stage: true, key: "k"}, "neither --key nor --identity"},
		"stage, no names": {options{source: clean, output: out, stage: true}, "--stage: needs --registry"},
		"staged and made": {options{source: clean, output: out, registry: "registry.example/x", staged: full}, "neither --output nor --stage"},
		"changed files":   {options{source: dirty, output: out, registry: "127.0.0.1:1/x", key: "k"}, "changes that are in no commit"},
		"another tag":     {options{source: untagged, output: out, registry: "127.0.0.1:1/x", key: "k"}, "is not tagged"},
	} {
		t.Run(name, func(t *testing.T) {
			test.contents = os.Getenv("RELEASE_CONTENTS")
			err := run(context.Background(), test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Errorf("%s was made", out)
			}
		})
	}
}

// A build without a version setting is only for rehearsals. A build whose binary contains another version is refused.
func TestVersions(t *testing.T) {
	c := built(t)
	o := options{output: "x", registry: "registry.example/x", key: "k"}
	if err := o.check(unreleased); err == nil {
		t.Error("an unreleased build may be published")
	}
	if err := o.check("v1.2.3"); err != nil {
		t.Error(err)
	}
	for arch, path := range c.Programs {
		other := contents{Version: "v987.654.321"}
		if err := other.checkProgram(arch, path); err == nil {
			t.Errorf("%s passes for %s", path, other.Version)
		}
	}
}

func TestSetModuleVersion(t *testing.T) {
	const one = "module(\n    name = \"m\",\n    version = \"0.0.0\",\n)\n"
	versioned, patch, err := setModuleVersion([]byte(one), "1.2.3-rc.1")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(one, "0.0.0", "1.2.3-rc.1", 1); string(versioned) != want {
		t.Errorf("%s, want %s", versioned, want)
	}
	if want := "@@ -2,3 +2,3 @@\n     name = \"m\",\n-    version = \"0.0.0\",\n+    version = \"1.2.3-rc.1\",\n )\n"; !strings.HasSuffix(string(patch), want) {
		t.Errorf("%s, want the end %s", patch, want)
	}
	for _, wrong := range []string{"", "module(\n)\n", one + one} {
		if _, _, err := setModuleVersion([]byte(wrong), "1.2.3"); err == nil {
			t.Errorf("%q: accepted", wrong)
		}
	}
}
