package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// describe puts two tables of images between the two markers of a page: the releases that have a lock, and those that cannot be built
// because they have none. It returns an error if a marker is missing.
func describe(page []byte, rows []release) ([]byte, error) {
	var locked, unlocked strings.Builder
	for _, r := range rows {
		if r.locked {
			locked.WriteString(row(r.distro, r.name) + " |\n")
		} else {
			fmt.Fprintf(&unlocked, "%s | `./bazelw run //tools/lock -- %s %s` |\n", row(r.distro, r.name), r.distroName, r.name)
		}
	}
	const columns = "| distribution | support ends | image indexes | architectures |"
	var tables strings.Builder
	if locked.Len() > 0 {
		tables.WriteString(columns + "\n|---|---|---|---|\n" + locked.String())
	}
	if unlocked.Len() > 0 {
		tables.WriteString("\n" + needLock + "\n\n" + columns + " lock |\n|---|---|---|---|---|\n" + unlocked.String())
	}
	return splice(page, "<!-- distros:begin", "<!-- distros:end -->", tables.String())
}

// needLock introduces the second table.
const needLock = `**These images cannot be built yet.** Bazel skips them and their tests. The command in the last column writes the lock of a release. It needs
access to the mirrors of the distribution.`

// row renders one release, without the end of the line.
func row(distro images.Distro, release string) string {
	facts := distro.Releases[release]
	title := distro.Title + " " + facts.Version
	if release != facts.Version {
		title += " (" + release + ")"
	}
	var indexes []string
	for _, variant := range slices.Sorted(maps.Keys(distro.Variants)) {
		indexes = append(indexes, fmt.Sprintf("`//images/%s:%s`", variant, release))
	}
	end := facts.End
	switch {
	case !facts.Supported:
		end = "**ended** " + end
	case end == "":
		end = "no date yet"
	}
	return fmt.Sprintf("| %s | %s | %s | %s", title, end, strings.Join(indexes, ", "), strings.Join(slices.Sorted(maps.Keys(facts.Architectures)), ", "))
}

// compareVersions orders 3.9 before 3.20.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		left, leftErr := strconv.Atoi(a)
		right, rightErr := strconv.Atoi(b)
		if leftErr != nil || rightErr != nil {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(left, right)
	})
}
