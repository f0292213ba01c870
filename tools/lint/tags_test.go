package lint_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	manualTag  = regexp.MustCompile(`"manual"`)
	nightlyTag = regexp.MustCompile(`(?:tags\W+ .*|^\s*|return .*)"nightly"(?:[\],]|$)`)
)

// tagProblems returns what is wrong with the tags in a Bazel file, by line. //... does not contain a target with the tag manual, so a
// comment in the same line or above it tells why. Only nightly_tags adds the tag nightly, because it checks that //:nightly
// contains the test.
func tagProblems(source string) map[int]string {
	problems := map[int]string{}
	above := ""
	for i, line := range strings.Split(source, "\n") {
		switch {
		case manualTag.MatchString(line) && !strings.Contains(line, "  # ") && !strings.HasPrefix(above, "# "):
			problems[i+1] = `the tag "manual" without a reason: add a comment`
		case nightlyTag.MatchString(line):
			problems[i+1] = `the tag "nightly": use nightly_tags of images/nightly.bzl`
		}
		above = strings.TrimSpace(line)
	}
	return problems
}

func TestTags(t *testing.T) {
	root := checkout(t)
	for _, suffix := range []string{".bazel", ".bzl"} {
		eachFile(t, root, suffix, func(path string, source []byte) {
			text := string(source)
			if path == root+"/images/nightly.bzl" {
				text = strings.Replace(text, `return ["manual", "nightly"]`, `return ["manual"]`, 1)
			}
			for line, problem := range tagProblems(text) {
				t.Errorf("%s:%d: %s", strings.TrimPrefix(path, root+"/"), line, problem)
			}
		})
	}
}

// TestTagProblems checks that each spelling of a wrong tag is found, and that no other word is.
func TestTagProblems(t *testing.T) {
	for text, want := range map[string]int{
		`    tags = ["manual"],`:                              1,
		"    tags = [\n        \"manual\",\n    ],":           2,
		"X = 1\nMANUAL = [\"manual\"]":                        2,
		`    tags = ["manual"],  # the reason`:                0,
		"    # The reason.\n    tags = [\"manual\"],":         0,
		`    tags = ["nightly"],`:                             1,
		`    tags = ["no-remote", "nightly"] + more,`:         1,
		"    tags = [\n        \"nightly\",\n    ],":          2,
		`    name = "nightly",`:                               0,
		`    tags = nightly_tags("nightly") + ["no-cache"]`:   0,
		`        tags = nightly_tags("push_nightly_test"),`:   0,
		`    for set in test_sets(architectures, "nightly"):`: 0,
	} {
		got := tagProblems(text)
		if (len(got) > 0) != (want > 0) || want > 0 && got[want] == "" {
			t.Errorf("%s\n%v, want a problem in line %d", text, got, want)
		}
	}
}
