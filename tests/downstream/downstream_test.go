// Package downstream_test builds tests/downstream/workspace, a separate workspace that uses this module as other
// projects do, with a separate Bazel server.
package downstream_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
)

func TestDownstream(t *testing.T) {
	w := unpack(t, "tests/downstream/workspace")
	summary := w.run(t, "test", "//...", "--test_output=errors", "--noshow_progress", "--test_summary=short")
	// The workspace has two variants for two architectures, and one for the platform. The files of each are tested, and
	// its commands only on this machine's architecture.
	passed, skipped := strings.Count(summary, " PASSED"), strings.Count(summary, " SKIPPED")
	if passed != 8 || skipped != 2 {
		t.Errorf("%d tests passed and %d were skipped, want 8 and 2:\n%s", passed, skipped, summary)
	}

	for _, architecture := range architectures {
		w.checkWrapper(t, architecture)
	}
}

// TestPage runs the commands of docs/bazel.md, with its example pasted. The page does not contain Bazel's standard
// error. Times may differ.
func TestPage(t *testing.T) {
	w := paste(t, "PAGE", "tests/pasted")
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' --output_base='%s' --max_idle_secs=60 \"$@\"\n", w.bazel, w.output)
	if err := os.WriteFile(filepath.Join(bin, "bazel"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, block := range pages.Blocks(t, needs.Variable(t, "PAGE")) {
		block.Try(t, func(script string) string {
			command := exec.Command("/bin/sh", "-c", script)
			command.Dir, command.Env = w.directory, append(environment(os.Environ()), "PATH="+bin+":"+os.Getenv("PATH"))
			var stderr strings.Builder
			command.Stderr = &stderr
			output, err := command.Output()
			if err != nil {
				t.Fatalf("%s%v\n%s", script, err, &stderr)
			}
			return regexp.MustCompile(`PASSED in [0-9.]+s`).ReplaceAllString(string(output), "PASSED in 0.1s")
		})
	}
}
