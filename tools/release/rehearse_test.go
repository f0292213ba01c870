package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// made is a release that was made for the tests of this package, with its files and its registry.
type made struct {
	*contents
	options
	public string // the public key
}

func (m *made) asset(name string) string { return filepath.Join(m.output, "assets", name) }

// rehearse makes a release from the outputs of Bazel, with a separate checkout and registry.
func rehearse(t *testing.T) *made {
	t.Helper()
	needs.Machine(t, "cosign", "git")
	c := built(t)
	server := rehearsalRegistry()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	key := filepath.Join(dir, "test.key")
	t.Setenv("COSIGN_PASSWORD", "correct horse")
	tool(t, "cosign", "generate-key-pair", "--output-key-prefix", strings.TrimSuffix(key, ".key"))
	m := &made{contents: c, public: filepath.Join(dir, "test.pub"), options: options{
		contents: os.Getenv("RELEASE_CONTENTS"),
		source:   newCheckout(t, c.Version),
		output:   filepath.Join(dir, "dist"),
		registry: server.Listener.Addr().String() + "/test",
		key:      key,
	}}
	// In two halves, as in the jobs of the workflow. The first half has no key.
	first, second := m.options, m.options
	first.key, first.stage = "", true
	second.contents, second.output, second.staged = "", "", m.output
	for _, half := range []options{first, second} {
		if err := run(context.Background(), half); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func hostArch(t *testing.T, m *made) string {
	t.Helper()
	if m.Programs[runtime.GOARCH] == "" {
		t.Fatalf("the wrapper is not built for this machine's %s", runtime.GOARCH)
	}
	return runtime.GOARCH
}
