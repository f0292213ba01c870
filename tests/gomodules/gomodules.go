// Package gomodules compares the Go modules in MODULE.bazel, one go_deps.module(...) for each, with those of the go
// command.
package gomodules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
)

// Sums returns the sums of a go.sum, by "PATH VERSION".
func Sums(goSum string) map[string]string {
	sums := map[string]string{}
	for line := range strings.Lines(goSum) {
		if fields := strings.Fields(line); len(fields) == 3 {
			sums[fields[0]+" "+fields[1]] = fields[2]
		}
	}
	return sums
}

// Statements returns the calls of one tag, such as go_deps.module, in a MODULE.bazel, by the module's path and
// formatted by buildifier.
func Statements(t *testing.T, moduleBazel []byte, tag string) map[string]string {
	t.Helper()
	file, err := build.ParseModule("MODULE.bazel", moduleBazel)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, call := range file.Rules(tag) {
		all[call.AttrString("path")] = build.FormatString(call.Call) + "\n"
	}
	return all
}

// Statement returns one call of a tag in MODULE.bazel, as buildifier formats it.
func Statement(tag, path, version, sum string, indirect bool) string {
	attribute := ""
	if indirect {
		attribute = "    indirect = True,\n"
	}
	return fmt.Sprintf("%s(\n%s    path = %q,\n    sum = %q,\n    version = %q,\n)\n", tag, attribute, path, sum, version)
}

// Compare fails the test if the statements differ, and prints the expected text for MODULE.bazel.
func Compare(t *testing.T, got, want map[string]string) {
	t.Helper()
	if maps.Equal(got, want) {
		return
	}
	var all strings.Builder
	for _, path := range slices.Sorted(maps.Keys(want)) {
		all.WriteString(want[path])
	}
	t.Errorf("MODULE.bazel must contain exactly these statements:\n%s", &all)
}

// RepositoryName returns Gazelle's name for a Go module's repository: the path with the parts of its host reversed.
func RepositoryName(path string) string {
	host, rest, _ := strings.Cut(path, "/")
	parts := strings.Split(host, ".")
	slices.Reverse(parts)
	name := strings.ToLower(strings.Join(parts, "_") + "/" + rest)
	return strings.Map(func(r rune) rune {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return '_'
		}
		return r
	}, name)
}
