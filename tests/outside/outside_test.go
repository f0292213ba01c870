// Package outside_test runs tests/downstream, a workspace of its own that uses this module as other projects do, with a
// Bazel of its own.
package outside_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestDownstream(t *testing.T) {
	archive, bazel := os.Getenv("MODULE"), os.Getenv("BAZEL")
	if archive == "" || bazel == "" {
		t.Skip("needs Bazel around it: ./bazelw test //tests/outside:outside_test")
	}
	bazel, err := filepath.Abs(bazel)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if output, err := exec.Command("tar", "--extract", "--file", archive, "--directory", folder).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", archive, err, output)
	}
	workspace := workspace{bazel: bazel, folder: filepath.Join(folder, "tests", "downstream"), output: filepath.Join(folder, "output")}
	// Not only shut down: what it leaves behind is not writable, and so could not be removed with the folder.
	t.Cleanup(func() { workspace.run(t, "clean", "--expunge") })

	summary := workspace.run(t, "test", "//...", "--test_output=errors", "--noshow_progress", "--test_summary=short")
	// Two variants for two architectures, and one for the platform: each is looked at, and run if it is this machine's.
	passed, skipped := strings.Count(summary, " PASSED"), strings.Count(summary, " SKIPPED")
	if passed != 8 || skipped != 2 {
		t.Errorf("%d tests passed and %d were skipped, want 8 and 2:\n%s", passed, skipped, summary)
	}
}

// A workspace is where one Bazel server works.
type workspace struct {
	bazel  string // program
	folder string
	output string // its output base: nothing is shared with the Bazel that runs this test, but what the user's settings name
}

// run returns the standard output of a Bazel command.
func (w workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command(w.bazel, append([]string{"--output_base=" + w.output, "--max_idle_secs=60"}, arguments...)...)
	command.Dir = w.folder
	command.Env = environment(os.Environ())
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("bazel %s: %v\n%s%s", strings.Join(arguments, " "), err, output, &stderr)
	}
	return string(output)
}

// environment leaves out what Bazel says to a test: a Bazel that is started with it takes itself for one under test, and
// keeps nothing.
func environment(all []string) []string {
	var kept []string
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "TEST_"), strings.HasPrefix(name, "RUNFILES_"), strings.HasPrefix(name, "BAZEL"), name == "RUNTEST_PRESERVE_CWD":
		default:
			kept = append(kept, variable)
		}
	}
	return kept
}
