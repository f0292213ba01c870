package main

import (
	"fmt"
	"regexp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// judge returns the errors in the result of a command test.
func judge(t commandTest, r plan.Result) []string {
	if r.Failed != "" || len(r.Calls) != 1 {
		return []string{"not executed: " + r.Failed}
	}
	run := r.Calls[0]
	var wrong []string
	if run.Status != t.ExitCode {
		wrong = append(wrong, fmt.Sprintf("exit status %d, want %d; standard error: %q", run.Status, t.ExitCode, run.Stderr))
	}
	for _, list := range []struct {
		patterns []string
		text     string
		want     bool
	}{
		{t.ExpectedOutput, run.Stdout, true},
		{t.ExcludedOutput, run.Stdout, false},
		{t.ExpectedError, run.Stderr, true},
		{t.ExcludedError, run.Stderr, false},
	} {
		for _, pattern := range list.patterns {
			expression, err := regexp.Compile(pattern)
			switch {
			case err != nil:
				wrong = append(wrong, fmt.Sprintf("pattern %q: %v", pattern, err))
			case expression.MatchString(list.text) && !list.want:
				wrong = append(wrong, fmt.Sprintf("pattern %q must not match %q", pattern, list.text))
			case !expression.MatchString(list.text) && list.want:
				wrong = append(wrong, fmt.Sprintf("pattern %q does not match %q", pattern, list.text))
			}
		}
	}
	return wrong
}
