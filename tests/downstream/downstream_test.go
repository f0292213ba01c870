// Package downstream_test runs tests/downstream/workspace, a workspace of its own that uses this module as other projects do, with a
// Bazel of its own.
package downstream_test

import (
	"bytes"
	"strings"
	"testing"
)

func TestDownstream(t *testing.T) {
	w := unpack(t, "tests/downstream/workspace")
	summary := w.run(t, "test", "//...", "--test_output=errors", "--noshow_progress", "--test_summary=short")
	// Two variants for two architectures, and one for the platform: each is looked at, and run if it is this machine's.
	passed, skipped := strings.Count(summary, " PASSED"), strings.Count(summary, " SKIPPED")
	if passed != 8 || skipped != 2 {
		t.Errorf("%d tests passed and %d were skipped, want 8 and 2:\n%s", passed, skipped, summary)
	}

	// What is in others' images is what this repository's tests have seen, byte for byte.
	for name, own := range map[string]string{"wrapper_amd64": "WRAPPER_AMD64", "wrapper_arm64": "WRAPPER_ARM64"} {
		if !bytes.Equal(w.built(t, "@iptables_wrappers//images/private:"+name), read(t, own)) {
			t.Errorf("%s of another module's build differs from this one's: see wrapper/paths.bzl", name)
		}
	}
}

// The README's example, as pasted.
func TestReadme(t *testing.T) {
	w := paste(t, "README", "tests/pasted")
	w.run(t, "build", "//...")
	summary := w.run(t, "test", "//:image_test.files", "--noshow_progress", "--test_summary=short")
	if strings.Count(summary, " PASSED") != 1 {
		t.Errorf("the example's test:\n%s", summary)
	}
}
