package goiptables_test

import (
	"maps"
	"slices"
	"testing"
)

// outcome is the result of one run of the suite.
type outcome struct {
	tests map[string]string // name to PASS, FAIL or SKIP
	text  string            // output of the suite
	saved map[string]string // by mode: the rules of both families afterwards
	leads string            // where the symlink iptables leads afterwards
}

func (o outcome) count(ending string) int {
	n := 0
	for _, e := range o.tests {
		if e == ending {
			n++
		}
	}
	return n
}

// endings parses the output of a test binary that was run with -test.v.
func endings(text string) map[string]string {
	tests := map[string]string{}
	for _, m := range ending.FindAllStringSubmatch(text, -1) {
		tests[m[2]] = m[1]
	}
	return tests
}

// normal removes from saved rules what differs between runs.
func normal(saved string) string {
	saved = comment.ReplaceAllString(saved, "")
	return random.ReplaceAllString(counter.ReplaceAllString(saved, "[0:0]"), "TEST-N")
}

// compare reports every difference between a run through the wrapper and the direct one.
func compare(t *testing.T, way string, direct, got outcome, mode string) string {
	t.Helper()
	verdict := "same"
	differ := func(format string, args ...any) {
		t.Helper()
		verdict = "DIFFERENT"
		t.Errorf("root "+way+": "+format, args...)
	}
	names := slices.Sorted(maps.Keys(direct.tests))
	for name := range got.tests {
		if _, ok := direct.tests[name]; !ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if direct.tests[name] != got.tests[name] {
			differ("%s: %q through the wrapper, %q without it", name, got.tests[name], direct.tests[name])
		}
	}
	if verdict != "same" {
		t.Logf("the suite says:\n%s", got.text)
	}
	for _, m := range []string{"nft", "legacy"} {
		if got.saved[m] != direct.saved[m] {
			differ("rules left in mode %s:\n%s\nwithout the wrapper:\n%s", m, got.saved[m], direct.saved[m])
		}
	}
	want := "/usr/sbin/xtables-" + mode + "-multi"
	if way == "read-only" {
		want = wrapper
	}
	if got.leads != want {
		differ("iptables leads to %s, want %s", got.leads, want)
	}
	return verdict
}
