package needs_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const askedFor = "NEEDS_TEST_ASKED_FOR"

// TestLacking is no test but the subject of the next: it asks for what it is told to.
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

// What is missing fails under Bazel and skips without it; what is there lets the test go on.
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
		// Not the file that tells Bazel how this test's own cases went.
		command.Env = append(os.Environ(), "GO_TEST_WRAP=0", "XML_OUTPUT_FILE=", askedFor+"="+row.name, "TEST_TARGET="+row.target)
		out, err := command.CombinedOutput()
		if failed, want := err != nil, row.target != "" && row.name != "sh"; failed != want || !strings.Contains(string(out), row.said) {
			t.Errorf("%q asked for in target %q: failed is %v, want %v, and %q:\n%s", row.name, row.target, failed, want, row.said, out)
		}
	}
}
