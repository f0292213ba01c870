package lint_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// The same with shellcheck over each script.
func TestScripts(t *testing.T) {
	needs.Machine(t, "shellcheck")
	actionlintFinds(t, "shellcheck")
}
