package main

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const caseWithout = "=== RUN: Command Test: it switches\n--- FAIL\nstdout: 6 links\nstderr: sh: 6: alternatives: not found\n"

// A case that fails for another reason, one that passes unexpectedly, and one that is missing are errors.
func TestCases(t *testing.T) {
	known := map[string]string{"it switches": "6 links"}
	for _, row := range []struct {
		name, log string
		known     map[string]string
		wrong     string
	}{
		{"as expected", "=== RUN: Metadata Test\n--- PASS\n" + caseWithout, known, ""},
		{"nothing is known to fail", "=== RUN: Metadata Test\n--- PASS\n", nil, ""},
		{"not known", caseWithout, nil, `case "Command Test: it switches": not as expected`},
		{"another reason", strings.Replace(caseWithout, "alternatives:", "iptables:", 1), known, "not as expected"},
		{"before its time", strings.Replace(caseWithout, "6 links", "5 links", 1), known, "not as expected"},
		{"passes", strings.Replace(caseWithout, "FAIL", "PASS", 1), known, "not as expected"},
		{"missing", "=== RUN: Metadata Test\n--- PASS\n", known, "0 cases failed for want of alternatives, not 1"},
	} {
		_, _, err := cases(row.log, row.known)
		if row.wrong == "" && err != nil || row.wrong != "" && (err == nil || !strings.Contains(err.Error(), row.wrong)) {
			t.Errorf("%s: error %v, want %q", row.name, err, row.wrong)
		}
	}
}

// A test that is skipped although it could run, and one that is not in the summary, are errors.
func TestVerdicts(t *testing.T) {
	c := &checkout{dir: t.TempDir()}
	here := "//images/alpine:3.24_" + runtime.GOARCH
	for _, kind := range []string{"files_test", "commands_test", "installer_commands_test"} {
		dir := filepath.Join(c.dir, "bazel-testlogs/images/alpine", "3.24_"+runtime.GOARCH+"_"+kind)
		if err := write(filepath.Join(dir, "test.log"), []byte("=== RUN: Metadata Test\n--- PASS\n")); err != nil {
			t.Fatal(err)
		}
	}
	r := release{distro: "alpine", version: "3.24", architectures: map[string]string{runtime.GOARCH: "own"}}
	summary := here + "_files_test   (cached) PASSED in 0.1s\n" + here + "_commands_test   PASSED in 1s\n" + here + "_installer_commands_test   PASSED in 2s\n"
	verdicts, err := c.verdicts(summary, r)
	if err != nil || len(verdicts) != 3 || verdicts[0].passed != 1 {
		t.Fatalf("%v, error %v", verdicts, err)
	}
	for _, row := range [][2]string{
		{strings.Replace(summary, "_commands_test   PASSED", "_commands_test   SKIPPED", 1), "SKIPPED, not PASSED"},
		{strings.Replace(summary, "_commands_test   PASSED", "_commands_test   NO STATUS", 1), "NO STATUS, not PASSED"},
		{strings.Replace(summary, "_files_test", "_other_test", 1), "no such"},
	} {
		if _, err := c.verdicts(row[0], r); err == nil || !strings.Contains(err.Error(), row[1]) {
			t.Errorf("error %v, want %q", err, row[1])
		}
	}
}
