package needs_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const askedFor = "NEEDS_TEST_ASKED_FOR"

// TestLacking does not test anything by itself. TestNeeds runs it with a variable that names what it requires.
func TestLacking(t *testing.T) {
	switch name := os.Getenv(askedFor); name {
	case "":
	case "variable":
		needs.Variable(t, "NEEDS_TEST_NOT_SET")
		t.Log("went on")
	default:
		needs.Machine(t, name)
		t.Log("went on")
	}
}

// If something is missing, the test fails under Bazel and is skipped otherwise. If it is available, the test continues.
func TestNeeds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, target, said string }{
		{"no-such-program", "", "SKIP: TestLacking"},
		{"no-such-program", "//some:test", `//some:test: needs no-such-program, which is not here: name "@machine//:no-such-program"`},
		{"variable", "", "NEEDS_TEST_NOT_SET is not set"},
		{"variable", "//some:test", "//some:test: NEEDS_TEST_NOT_SET is not set"},
		{"sh", "//some:test", "went on"},
	} {
		command := exec.Command(self, "-test.run=^TestLacking$", "-test.v")
		// Without these, the inner tests would write into the file with this test's results for Bazel.
		command.Env = append(os.Environ(), "GO_TEST_WRAP=0", "XML_OUTPUT_FILE=", askedFor+"="+row.name, "TEST_TARGET="+row.target)
		out, err := command.CombinedOutput()
		if failed, want := err != nil, row.target != "" && row.name != "sh"; failed != want || !strings.Contains(string(out), row.said) {
			t.Errorf("%q asked for in target %q: failed is %v, want %v, and %q:\n%s", row.name, row.target, failed, want, row.said, out)
		}
	}
}
