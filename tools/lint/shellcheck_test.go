package lint_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// Like TestActionlint, with shellcheck for each script.
func TestScripts(t *testing.T) {
	needs.Machine(t, "shellcheck")
	actionlintFinds(t, "shellcheck")
}
