package rootfs

import (
	"os"
	"slices"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// openTree writes a tree and opens it as a root.
func openTree(t *testing.T, tree roots.Tree) (*Root, string) {
	t.Helper()
	dir := tree.Build(t, nil)
	root, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func assertNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

// replace makes one change, which cannot be undone.
func (r *Root) replace(c Change) error {
	plan := &Plan{Changes: []Change{c}, root: r}
	return plan.Apply(false)
}
