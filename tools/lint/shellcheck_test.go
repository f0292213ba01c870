package lint_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// TestScripts runs actionlint, which passes each script of the workflows to shellcheck.
func TestScripts(t *testing.T) {
	needs.Machine(t, "shellcheck")
	actionlintFinds(t, "shellcheck")
}
