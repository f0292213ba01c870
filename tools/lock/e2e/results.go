package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// missing contains the cases of Fedora's structure tests whose script calls alternatives, which no package here contains, with
// the output of the script before that call. They must fail for this reason, and all others must pass.
var missing = map[string]map[string]string{
	"commands_test": {
		"a legacy hint switches to legacy":                "6 /usr/bin/xtables-legacy-multi",
		"an nft hint in the other family switches to nft": "6 /usr/bin/xtables-nft-multi",
		"the database is one that alternatives accepts":   "",
	},
	"installer_commands_test": {
		"the script installs, tells the alternatives, and removes itself":               "6 /usr/bin/iptables-wrapper",
		"installed by the script, it switches to legacy":                                "6 /usr/bin/xtables-legacy-multi",
		"installed by the script, it switches to nft, and installing again starts over": "-P INPUT ACCEPT",
	},
}

// release is one release of a distribution, as in the table images/distros.bzl.
type release struct {
	distro, version string
	title           string
	architectures   map[string]string // OCI's names to the distribution's names
	variants        []string
}

// verdict is the result of a test in Bazel's summary, with the cases of a structure test's log.
type verdict struct {
	target         string
	status         string
	passed, failed int
}

func (v verdict) String() string {
	text := fmt.Sprintf("%-8s //images/%s", v.status, v.target)
	if v.passed+v.failed > 0 {
		text += fmt.Sprintf("   %d cases passed", v.passed)
	}
	if v.failed > 0 {
		text += fmt.Sprintf(", %d failed for want of alternatives", v.failed)
	}
	return text
}

var summaryLine = regexp.MustCompile(`(?m)^//images/(\S+) +(?:\(cached\) )?(PASSED|FAILED TO BUILD|FAILED|SKIPPED|NO STATUS|TIMEOUT|FLAKY)`)

// verdicts reads a summary and the logs. Any unexpected result is an error. Tests that need a machine of another architecture
// must be skipped. Fedora's tests that call alternatives must fail in the cases that do. All others must pass.
func (c *checkout) verdicts(summary string, r release) ([]verdict, error) {
	var all []verdict
	var wrong error
	for _, line := range summaryLine.FindAllStringSubmatch(summary, -1) {
		name, ours := strings.CutPrefix(line[1], r.distro+":"+r.version+"_")
		if !ours {
			continue
		}
		v := verdict{target: line[1], status: line[2]}
		architecture, kind := r.split(name)
		want := "PASSED"
		if strings.HasSuffix(kind, "commands_test") {
			if architecture != runtime.GOARCH {
				want = "SKIPPED"
			} else if r.distro == "fedora" {
				want = "FAILED"
			}
		}
		if v.status != want {
			wrong = errors.Join(wrong, fmt.Errorf("//images/%s: %s, not %s", v.target, v.status, want))
		}
		if v.status == "PASSED" || v.status == "FAILED" {
			log, err := os.ReadFile(filepath.Join(c.dir, "bazel-testlogs/images", strings.Replace(v.target, ":", "/", 1), "test.log"))
			if err != nil {
				return nil, err
			}
			known := map[string]string{}
			if want == "FAILED" {
				known = missing[kind]
			}
			if v.passed, v.failed, err = cases(string(log), known); err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("//images/%s: %w", v.target, err))
			}
		}
		all = append(all, v)
	}
	for oci := range r.architectures {
		for _, kind := range []string{"files_test", "commands_test", "installer_commands_test"} {
			target := r.distro + ":" + r.version + "_" + strings.ReplaceAll(oci, "/", "_") + "_" + kind
			if !slices.ContainsFunc(all, func(v verdict) bool { return v.target == target }) {
				wrong = errors.Join(wrong, fmt.Errorf("//images/%s: no such line in the summary", target))
			}
		}
	}
	return all, wrong
}

// split finds the architecture at the beginning of a test's name. It returns "" for a test of all architectures.
func (r release) split(name string) (architecture, kind string) {
	for oci := range r.architectures {
		if kind, found := strings.CutPrefix(name, strings.ReplaceAll(oci, "/", "_")+"_"); found {
			return oci, kind
		}
	}
	return "", name
}

// cases counts the cases in a structure test's log, and checks that exactly the known ones failed, because they called
// alternatives.
func cases(log string, known map[string]string) (passed, failed int, err error) {
	for _, text := range strings.Split(log, "=== RUN: ")[1:] {
		name, text, _ := strings.Cut(text, "\n")
		printed, expected := known[strings.TrimPrefix(name, "Command Test: ")]
		switch {
		case strings.HasPrefix(text, "--- PASS") && !expected:
			passed++
		case strings.HasPrefix(text, "--- FAIL") && expected && strings.Contains(text, "alternatives: not found") && strings.Contains(text, printed):
			failed++
		default:
			err = errors.Join(err, fmt.Errorf("case %q: not as expected:\n%s", name, text))
		}
	}
	if failed != len(known) {
		err = errors.Join(err, fmt.Errorf("%d cases failed for want of alternatives, not %d", failed, len(known)))
	}
	return passed, failed, err
}
