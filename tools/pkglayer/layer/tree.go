// Package layer makes one deterministic image layer from packages. It puts every file at its path after merged
// directories and the packages' symlinks are followed. The layer does not depend on the machine, the clock
// or the order of the packages.
package layer

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// maxLinks is the maximum number of symlinks in one path, as in Linux.
const maxLinks = 40

// Tree is the content of a layer by path.
type Tree struct {
	nodes map[string]*node
}

type node struct {
	archive.File
	owner string // name of the package, for messages
}

// NewTree returns an empty tree.
func NewTree() *Tree { return &Tree{nodes: map[string]*node{}} }

// AddPackages adds the files of all packages for which keep returns true. It adds symlinks first, so that the result
// does not depend on which package contains /bin -> usr/bin and which one a file in /bin.
func (t *Tree) AddPackages(packages []*archive.Package, keep func(name string) bool) error {
	for _, wanted := range []archive.Type{archive.Symlink, archive.Directory, archive.Regular, archive.Hardlink} {
		for _, pkg := range packages {
			files := slices.Clone(pkg.Files)
			slices.SortStableFunc(files, byDepth)
			for _, file := range files {
				if file.Type != wanted {
					continue
				}
				if file.Type == archive.Hardlink {
					file = resolveHardlink(pkg, file, keep)
				}
				if err := t.place(file, pkg.Name, keep); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func byDepth(a, b archive.File) int {
	return strings.Count(a.Name, "/") - strings.Count(b.Name, "/")
}

// resolveHardlink returns the link or, if the file that it names is left out of the layer, a copy of that file.
func resolveHardlink(pkg *archive.Package, link archive.File, keep func(string) bool) archive.File {
	if keep(link.Link) {
		return link
	}
	for _, file := range pkg.Files {
		if file.Name == link.Link {
			file.Name = link.Name
			return file
		}
	}
	return link
}

// Add adds one file that is not from a package.
func (t *Tree) Add(file archive.File) error {
	return t.place(file, "the image's own settings", func(string) bool { return true })
}

func (t *Tree) place(file archive.File, owner string, keep func(string) bool) error {
	real, err := t.resolve(file.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", owner, err)
	}
	if !keep(real) {
		return nil
	}
	file.Name = real
	if file.Type == archive.Hardlink {
		if file.Link, err = t.resolve(file.Link); err != nil {
			return fmt.Errorf("%s: %w", owner, err)
		}
	}
	if err := t.checkParents(real); err != nil {
		return fmt.Errorf("%s: %w", owner, err)
	}
	old, exists := t.nodes[real]
	switch {
	case !exists:
		t.nodes[real] = &node{File: file, owner: owner}
	case file.Type == archive.Directory && (old.Type == archive.Directory || old.Type == archive.Symlink):
		// Like dpkg and rpm: a symlink to a directory stays, and an existing directory keeps its mode and owner.
	case !same(old.File, file):
		return fmt.Errorf("file /%s: %s and %s disagree about it", real, old.owner, owner)
	}
	return nil
}

func same(a, b archive.File) bool {
	return a.Type == b.Type && a.Mode == b.Mode && a.Link == b.Link && a.UID == b.UID && a.GID == b.GID &&
		a.User == b.User && a.Group == b.Group && bytes.Equal(a.Data, b.Data) && maps.Equal(a.Xattrs, b.Xattrs)
}

// addParents adds the parent directories of files that no package contains.
func (t *Tree) addParents() {
	for _, name := range slices.Collect(maps.Keys(t.nodes)) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, exists := t.nodes[dir]; !exists {
				t.nodes[dir] = &node{File: archive.File{Name: dir, Type: archive.Directory, Mode: 0o755}}
			}
		}
	}
}

func (t *Tree) checkParents(name string) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if parent, exists := t.nodes[dir]; exists && parent.Type != archive.Directory {
			return fmt.Errorf("file /%s: /%s is no directory", name, dir)
		}
	}
	return nil
}

// resolve returns the path of name after all symlinks in its parent directories are followed. It does not follow the
// last component. A symlink cannot lead above the root.
func (t *Tree) resolve(name string) (string, error) {
	todo := strings.Split(name, "/")
	var done []string
	links := 0
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = done[:max(len(done)-1, 0)]
			continue
		}
		here := strings.Join(append(slices.Clone(done), part), "/")
		link, exists := t.nodes[here]
		if !exists || link.Type != archive.Symlink || len(todo) == 0 {
			done = append(done, part)
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("file /%s: too many links on the way", name)
		}
		if path.IsAbs(link.Link) {
			done = nil
		}
		todo = append(strings.Split(link.Link, "/"), todo...)
	}
	if len(done) == 0 {
		return "", fmt.Errorf("file /%s: links lead to the root itself", name)
	}
	return strings.Join(done, "/"), nil
}

// Data returns the content of a regular file, following links.
func (t *Tree) Data(name string) ([]byte, bool) {
	for range maxLinks {
		real, err := t.resolve(name)
		if err != nil {
			return nil, false
		}
		found, exists := t.nodes[real]
		if !exists {
			return nil, false
		}
		switch found.Type {
		case archive.Regular:
			return found.Data, true
		case archive.Hardlink:
			name = found.Link
		case archive.Symlink:
			if name = found.Link; !path.IsAbs(name) {
				name = path.Join("/", path.Dir(real), name)
			}
			name = strings.TrimPrefix(path.Clean(name), "/")
		default:
			return nil, false
		}
	}
	return nil, false
}
