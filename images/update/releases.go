package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// release is one release of a distribution, from the table in images/distros.bzl.
type release struct {
	distroName string // key of the table
	distro     images.Distro
	name       string // key of the distribution's releases
	locked     bool   // whether it has a lock; without one, Bazel skips its images
}

func (r release) facts() images.Release { return r.distro.Releases[r.name] }

// releases lists every release of the table, of each distribution the newest first. directory contains the locks.
func releases(distros map[string]images.Distro, directory string) ([]release, error) {
	var all []release
	for _, distroName := range slices.Sorted(maps.Keys(distros)) {
		distro := distros[distroName]
		for _, name := range slices.SortedFunc(maps.Keys(distro.Releases), func(a, b string) int {
			return compareVersions(distro.Releases[b].Version, distro.Releases[a].Version)
		}) {
			_, err := os.Stat(filepath.Join(directory, distroName, name, "packages.lock.json"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			all = append(all, release{distroName, distro, name, err == nil})
		}
	}
	return all, nil
}

// splice replaces the lines between the line that contains begin and the line that starts with end.
func splice(page []byte, begin, end, lines string) ([]byte, error) {
	_, after, found := bytes.Cut(page, []byte(begin))
	_, after, ends := bytes.Cut(after, []byte("\n"))
	from := len(page) - len(after)
	to := from + bytes.Index(after, []byte(end))
	if !found || !ends || to < from {
		return nil, fmt.Errorf("no line %s ... with a line %s below it", begin, end)
	}
	to = bytes.LastIndexByte(page[:to], '\n') + 1
	return slices.Concat(page[:from], []byte(lines), page[to:]), nil
}
