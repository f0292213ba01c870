package main

import (
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
)

// support says what a release's entry has wrong on a day.
func support(facts distros.Release, today time.Time) string {
	if facts.End == "" && facts.Supported {
		return ""
	}
	end, err := time.Parse(time.DateOnly, facts.End)
	if err != nil {
		return "end: " + err.Error()
	}
	past := !today.Before(end.AddDate(0, 0, 1))
	switch {
	case past && facts.Supported:
		return "support ended on " + facts.End + ": mark it with supported = False, or take it out"
	case !past && !facts.Supported:
		return "is marked as out of support, and its end is " + facts.End
	}
	return ""
}
