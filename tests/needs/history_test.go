package needs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// Only a clone with all commits has git_history. The others skip the test.
func TestGitHistory(t *testing.T) {
	needs.Machine(t, "git")
	dir := t.TempDir()
	complete, shallow, archive := filepath.Join(dir, "complete"), filepath.Join(dir, "shallow"), filepath.Join(dir, "archive")
	for _, root := range []string{complete, archive} {
		if err := os.Mkdir(root, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range [][]string{
		{"init", "--quiet", complete},
		{"-C", complete, "add", "go.mod"},
		{"-C", complete, "commit", "--quiet", "--message=first"},
		{"-C", complete, "commit", "--quiet", "--message=second", "--allow-empty"},
		{"clone", "--quiet", "--depth=1", "file://" + complete, shallow},
	} {
		command := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, arguments...)...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for root, want := range map[string]string{complete: "went on", shallow: "SKIP: TestLacking", archive: "SKIP: TestLacking"} {
		command := exec.Command(self, "-test.run=^TestLacking$", "-test.v")
		command.Dir = root
		// Without Bazel's variables: rules_go would change to the runfiles and write into the file with this test's results.
		command.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "TEST_") }),
			"GO_TEST_WRAP=0", "XML_OUTPUT_FILE=", "PWD="+root, askedFor+"=git_history")
		if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, want %q in\n%s", filepath.Base(root), err, want, out)
		}
	}
}
