package main

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
)

// A row is one release. Workflows read these names.
type row struct {
	Distro        string   `json:"distro"`
	Release       string   `json:"release"`
	Title         string   `json:"title"`         // for people: Debian 13 (trixie)
	Variants      []string `json:"variants"`      // Bazel packages below images/
	Architectures []string `json:"architectures"` // OCI's names
	End           string   `json:"end"`           // last day of the distribution's support, YYYY-MM-DD; empty if it has named none
	Supported     bool     `json:"supported"`
	Locked        bool     `json:"locked"` // has a packages.lock.json; without it its images are skipped
}

// readRows lists the table of the checkout at root, newest release of each distribution first.
func readRows(root string) ([]row, error) {
	table, err := distros.Read(filepath.Join(root, "images", "distros.bzl"))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, name := range slices.Sorted(maps.Keys(table)) {
		distro := table[name]
		releases := slices.SortedFunc(maps.Keys(distro.Releases), func(a, b string) int {
			return compareVersions(distro.Releases[b].Version, distro.Releases[a].Version)
		})
		for _, release := range releases {
			_, err := os.Stat(filepath.Join(root, "images", name, release, "packages.lock.json"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			version := distro.Releases[release].Version
			title := distro.Title + " " + version
			if release != version {
				title += " (" + release + ")"
			}
			rows = append(rows, row{
				Distro:        name,
				Release:       release,
				Title:         title,
				Variants:      slices.Sorted(maps.Keys(distro.Variants)),
				Architectures: slices.Sorted(maps.Keys(distro.Releases[release].Architectures)),
				End:           distro.Releases[release].End,
				Supported:     distro.Releases[release].Supported,
				Locked:        err == nil,
			})
		}
	}
	return rows, nil
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
