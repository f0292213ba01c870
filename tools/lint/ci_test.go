package lint_test

import (
	"slices"
	"strings"
	"testing"
)

// Each job that runs .ci/run compares the skipped tests with the allowed ones. Otherwise a runner that lacks a program looks like one
// that passed.
func TestSkipsAreCompared(t *testing.T) {
	jobs := 0
	for id, j := range read(t)["ci.yaml"].Jobs {
		runs := func(script string) bool {
			return slices.ContainsFunc(j.Steps, func(s step) bool { return strings.Contains(s.Run, script) })
		}
		if !runs(".ci/run") {
			continue
		}
		jobs++
		if !runs(".ci/skips") {
			t.Errorf("ci.yaml: job %s runs .ci/run without .ci/skips", id)
		}
	}
	if jobs == 0 {
		t.Error("ci.yaml: no job runs .ci/run")
	}
}

// A cache whose key changed starts from the newest one with the same prefix.
func TestCachesHaveRestoreKeys(t *testing.T) {
	caches := 0
	for name, w := range read(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if !strings.HasPrefix(s.Uses, "actions/cache/restore@") {
					continue
				}
				caches++
				key, _ := s.With["key"].(string)
				if prefix, _ := s.With["restore-keys"].(string); prefix == "" || !strings.HasPrefix(key, strings.TrimSpace(prefix)) {
					t.Errorf("%s: job %s: restore-keys %q is no prefix of key %q", name, id, prefix, key)
				}
			}
		}
	}
	if caches == 0 {
		t.Error("no cache is restored")
	}
}
