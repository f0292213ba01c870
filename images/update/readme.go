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

// describe puts the table of images between the two markers of a page.
func describe(page []byte, rows []release) ([]byte, error) {
	var table strings.Builder
	table.WriteString("| distribution | supported | image indexes | architectures |\n|---|---|---|---|\n")
	for _, r := range rows {
		table.WriteString(row(r.distroName, r.distro, r.name, r.locked))
	}
	return splice(page, "<!-- distros:begin", "<!-- distros:end -->", table.String())
}

// row renders one release. Without a lock its images are skipped.
func row(name string, distro images.Distro, release string, locked bool) string {
	facts := distro.Releases[release]
	title := distro.Title + " " + facts.Version
	if release != facts.Version {
		title += " (" + release + ")"
	}
	var indexes []string
	for _, variant := range slices.Sorted(maps.Keys(distro.Variants)) {
		indexes = append(indexes, fmt.Sprintf("`//images/%s:%s`", variant, release))
	}
	architectures := strings.Join(slices.Sorted(maps.Keys(facts.Architectures)), ", ")
	if !locked {
		architectures += fmt.Sprintf("; skipped until locked: `./bazelw run //tools/lock -- %s %s`", name, release)
	}
	supported := "until " + facts.End
	switch {
	case !facts.Supported:
		supported = "**ended** " + facts.End
	case facts.End == "":
		supported = "yes"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", title, supported, strings.Join(indexes, ", "), architectures)
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
