package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The checkout contains the sums of Bazel, the Go release, rules_go and Gazelle in the versions that it names.
func TestSums(t *testing.T) {
	root := checkout(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	find := func(name, pattern string) string {
		match := regexp.MustCompile(pattern).FindStringSubmatch(read(name))
		if match == nil {
			t.Fatalf("%s: nothing matches %s", name, pattern)
		}
		return match[1]
	}
	release := find("MODULE.bazel", `(?s)\ngo_sdk\.download\(.*?\n    version = "([0-9.]+)",\n\)`)
	for _, download := range regexp.MustCompile(`(?s)\ngo_\w*sdk\.download\(.*?\n\)`).FindAllString(read("MODULE.bazel"), -1) {
		if !strings.Contains(download, "    sdks = {\n") || !strings.Contains(download, `version = "`+release+`"`) {
			t.Errorf("MODULE.bazel: want the sums (sdks) of Go %s in %s", release, download)
		}
	}
	bazel := strings.TrimSpace(read(".bazelversion"))
	for name, patterns := range map[string][]string{
		"MODULE.bazel": {
			`"go` + release + `\.linux-amd64\.tar\.gz",\n +"[0-9a-f]{64}"`,
			`"go` + release + `\.linux-arm64\.tar\.gz",\n +"[0-9a-f]{64}"`,
		},
		"tools/airgap/bazel.sum": {
			`[0-9a-f]{64}  bazel-` + bazel + `-linux-x86_64\n`,
			`[0-9a-f]{64}  bazel-` + bazel + `-linux-arm64\n`,
		},
		"tools/airgap/gomodules.sum": {
			`golang\.org/toolchain v0\.0\.1-go` + release + `\.linux-amd64 h1:`,
			`golang\.org/toolchain v0\.0\.1-go` + release + `\.linux-arm64 h1:`,
			`github\.com/bazelbuild/rules_go v` + find("MODULE.bazel", `name = "rules_go", version = "([0-9.]+)"`) + ` h1:`,
			`github\.com/bazelbuild/bazel-gazelle v` + find("MODULE.bazel", `name = "gazelle", version = "([0-9.]+)"`) + ` h1:`,
		},
	} {
		for _, pattern := range patterns {
			if !regexp.MustCompile(pattern).MatchString(read(name)) {
				t.Errorf("%s: nothing matches %s: add the sum of the version that the checkout names", name, pattern)
			}
		}
	}
}
