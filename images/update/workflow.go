package main

import (
	"fmt"
	"strings"
)

// runners are the architectures for which GitHub has runners, with the runners' labels (docs.github.com, "Choosing the runner
// for a job").
var runners = []struct{ architecture, label string }{
	{"amd64", "ubuntu-24.04"},
	{"arm64", "ubuntu-24.04-arm"},
}

// matrix writes the elements of the job matrix between the two markers of a workflow: one for each release and runner. A
// release without a lock gets one element, whose title shows that it is not locked.
func matrix(workflow []byte, rows []release) ([]byte, error) {
	var jobs strings.Builder
	for _, r := range rows {
		title := r.distro.Title + " " + r.facts().Version
		if !r.locked {
			writeJob(&jobs, r, title+" (not locked)", runners[0].label)
			continue
		}
		for _, runner := range runners {
			if _, has := r.facts().Architectures[runner.architecture]; has {
				writeJob(&jobs, r, title+", "+runner.architecture, runner.label)
			}
		}
	}
	return splice(workflow, "# distros:begin", "# distros:end", jobs.String())
}

// writeJob writes one element of the matrix. Quoted strings keep YAML from reading a release such as 3.20 as a number.
func writeJob(jobs *strings.Builder, r release, title, runner string) {
	fmt.Fprintf(jobs, "          - {title: %q, distro: %q, release: %q, runner: %q}\n", title, r.distroName, r.name, runner)
}
