package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// A solverCase has a repository from which the lock program and the distribution's own must select the same packages.
type solverCase[Package any] struct {
	name     string // contains no comma: it becomes the name of a directory, and apt and dnf5 split there
	wanted   string // names
	packages []Package
	second   []Package // of the second repository
	want     string    // "name version, name version"; or "!" and the lock program's error: then the other program must fail, too
}

// ours returns the lock program's selection for the wanted names.
func (c *checkout) ours(entry, architecture string, wanted []string) (string, error) {
	c.t.Helper()
	quoted := make([]string, len(wanted))
	for i, name := range wanted {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	c.table(fmt.Sprintf(entry, strings.Join(quoted, ", ")))
	must(c.t, os.RemoveAll(filepath.Dir(c.lockPath())))
	if _, err := c.lock(); err != nil {
		return "", err
	}
	lock, err := lockfile.Read(c.lockPath())
	must(c.t, err)
	return names(lock.Architectures[architecture]), nil
}

// sameAsKnown compares the lock program's selection in one case with the expected one, and with that of the distribution's own
// program unless ask is nil.
func sameAsKnown(t *testing.T, want, ours string, ourError error, ask func() (selection, said string)) {
	t.Helper()
	theirs, said := "", ""
	if ask != nil {
		theirs, said = ask()
	}
	message, fails := strings.CutPrefix(want, "!")
	if fails {
		if ourError == nil || !strings.Contains(ourError.Error(), message) {
			t.Errorf("selected %q, error %v; want an error with %q", ours, ourError, message)
		}
		if theirs != "" {
			t.Errorf("the distribution's own program selects %s\n%s", theirs, said)
		}
		return
	}
	if ourError != nil || ours != want {
		t.Errorf("selected %q, error %v; want %q", ours, ourError, want)
	}
	if ask != nil && theirs != want {
		t.Errorf("the distribution's own program selects %q, want %q\n%s", theirs, want, said)
	}
}

// A solver runs a distribution's own program. It returns the selection, or "" if it fails, and the whole output.
type solver func(wanted []string) (selection, said string)

// compareWorlds checks that both programs select the same packages in every world, or both fail. If only the distribution's own
// program fails, pinned must accept the selection when each version is requested. If pinned is nil, this is an error.
// compareWorlds returns one line for each world with the result of the distribution's own program.
func compareWorlds(t *testing.T, all []world, ours func(wanted []string) (string, error), theirs solver, pinned func(selection string) bool) []string {
	t.Helper()
	var lines []string
	solved, different, further := 0, 0, 0
	for i, w := range all {
		got, err := ours(w.wanted)
		want, said := theirs(w.wanted)
		switch {
		case got == want && err != nil:
			lines = append(lines, fmt.Sprint(i, " none"))
			continue
		case got == want:
			solved++
			lines = append(lines, fmt.Sprint(i, " ", want))
			continue
		case want == "" && pinned != nil && pinned(got):
			further++
			lines = append(lines, fmt.Sprint(i, " pinned ", got))
			continue
		}
		if different++; different <= 5 {
			t.Errorf("world %d: the lock program selects %q (error %v), the distribution's own %q\n%s\n%s", i, got, err, want, w, said)
		}
	}
	t.Logf("%d worlds: %d solved alike, %d refused by both, %d solved here only and found right, %d different",
		len(all), solved, len(all)-solved-further-different, further, different)
	if solved < len(all)/5 {
		t.Errorf("only %d of %d worlds are solved by both", solved, len(all))
	}
	return lines
}

// selection joins packages, "name version", in the format of names.
func selection(packages []string) string {
	slices.Sort(packages)
	return strings.Join(packages, ", ")
}
