// Package outside_test runs tests/downstream, a workspace of its own that uses this module as other projects do, with a
// Bazel of its own.
package outside_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// unpack lays out this module as others get it, and returns a workspace in one of its folders.
func unpack(t *testing.T, below string) workspace {
	t.Helper()
	archive := needs.Variable(t, "MODULE")
	bazel, err := filepath.Abs(needs.Variable(t, "BAZEL"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if output, err := exec.Command("tar", "--extract", "--file", archive, "--directory", folder).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", archive, err, output)
	}
	w := workspace{bazel: bazel, folder: filepath.Join(folder, below), output: filepath.Join(folder, "output")}
	// Not only shut down: what it leaves behind is not writable, and so could not be removed with the folder.
	t.Cleanup(func() { w.run(t, "clean", "--expunge") })
	return w
}

func TestDownstream(t *testing.T) {
	w := unpack(t, "tests/downstream")
	summary := w.run(t, "test", "//...", "--test_output=errors", "--noshow_progress", "--test_summary=short")
	// Two variants for two architectures, and one for the platform: each is looked at, and run if it is this machine's.
	passed, skipped := strings.Count(summary, " PASSED"), strings.Count(summary, " SKIPPED")
	if passed != 8 || skipped != 2 {
		t.Errorf("%d tests passed and %d were skipped, want 8 and 2:\n%s", passed, skipped, summary)
	}

	// What is in others' images is what this repository's tests have seen, byte for byte.
	for name, own := range map[string]string{"wrapper_amd64": "WRAPPER_AMD64", "wrapper_arm64": "WRAPPER_ARM64"} {
		target := "@iptables_wrappers//images/private:" + name
		w.run(t, "build", target)
		theirs := filepath.Join(w.folder, strings.TrimSpace(w.run(t, "cquery", "--output=files", target)))
		data, err := os.ReadFile(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, read(t, own)) {
			t.Errorf("%s of another module's build differs from this one's: see wrapper/paths.bzl", name)
		}
	}
}

// The README's example, as pasted: only where the module comes from is said, since the registry has no version of today.
func TestReadme(t *testing.T) {
	blocks := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```starlark\n# ([A-Z]+\\.bazel)\n(.*?)```").FindAllStringSubmatch(string(read(t, "README")), -1) {
		blocks[block[1]] = block[2]
	}
	if blocks["MODULE.bazel"] == "" || blocks["BUILD.bazel"] == "" {
		t.Fatalf("README.md has no example of both MODULE.bazel and BUILD.bazel: %q", blocks)
	}
	w := unpack(t, "tests/pasted")
	blocks["MODULE.bazel"] += "local_path_override(module_name = \"iptables_wrappers\", path = \"../..\")\n"
	blocks[".bazelrc"] = string(read(t, "BAZELRC"))
	if err := os.Mkdir(w.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range blocks {
		if err := os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.run(t, "build", "//...")
	summary := w.run(t, "test", "//:image_test.files", "--noshow_progress", "--test_summary=short")
	if strings.Count(summary, " PASSED") != 1 {
		t.Errorf("the example's test:\n%s", summary)
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
