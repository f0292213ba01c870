package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// describe puts the table of images between the two markers of a page. locks is the directory of the locks.
func describe(page []byte, distros map[string]images.Distro, locks string) ([]byte, error) {
	begin := bytes.Index(page, []byte("<!-- distros:begin"))
	end := bytes.Index(page, []byte("<!-- distros:end -->"))
	if begin < 0 || end < begin {
		return nil, errors.New("no line <!-- distros:begin ... --> with <!-- distros:end --> below it")
	}
	begin += bytes.IndexByte(page[begin:], '\n') + 1
	var table strings.Builder
	table.WriteString("| distribution | supported | image indexes | architectures |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(distros)) {
		releases := distros[name].Releases
		// Newest releases first.
		for _, release := range slices.SortedFunc(maps.Keys(releases), func(a, b string) int {
			return compareVersions(releases[b].Version, releases[a].Version)
		}) {
			_, err := os.Stat(filepath.Join(locks, name, release, "packages.lock.json"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			table.WriteString(row(name, distros[name], release, err == nil))
		}
	}
	return slices.Concat(page[:begin], []byte(table.String()), page[end:]), nil
}

// row renders one release. Images of a release without a lock are skipped.
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
