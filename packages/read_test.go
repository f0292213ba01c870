package packages_test

import (
	"os"
	"slices"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }

func text(t *testing.T, variable string) string {
	t.Helper()
	data, err := os.ReadFile(needs.Variable(t, variable))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
