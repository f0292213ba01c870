// Package imagetree reads the layers of a container image into a model of the image's tree, and writes the result into
// a directory.
//
// A layer is untrusted input: it can contain any sequence of entries. The package therefore resolves each path (of a
// file, a whiteout, a hard link's target) in the model only, which contains no path of the build machine. It changes
// the file system after the last layer, once for each path of the result, and only below an os.Root. It never removes
// or replaces a path there, and follows no symlink of the image.
package imagetree

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const (
	maxLinks = 40   // maximum number of symlinks in one path (MAXSYMLINKS of linux/namei.h)
	maxPath  = 4095 // PATH_MAX without the final NUL
)

// File is the content and metadata that all hard links of a file share.
type File struct {
	Type    archive.Type // Regular, Directory or Symlink; 0 for a device node or a pipe
	Mode    int64        // permission bits, at most 0o7777
	Link    string       // target of a symlink
	Content int          // of a regular file: what Keep returned
}

// Keep is called with the content of each regular file once, while its layer is read. Its result becomes the file's
// Content.
type Keep func(content io.Reader, mode int64) (int, error)

// Tree is the model of an image's tree.
type Tree struct {
	root  *node
	layer int // number of the current layer, from 1
	keep  Keep
	meter *archive.Meter
}

// node is the file or directory at one path.
type node struct {
	*File
	layer    int              // the layer that made this path
	children map[string]*node // of a directory
	// clear is the number of the last layer whose whiteouts removed everything that earlier layers put into this directory.
	// A second opaque whiteout in that layer need not search the directory again.
	clear int
}

// New returns the tree of an image without layers. The meter counts all bytes that are read into it.
func New(meter *archive.Meter, keep Keep) *Tree {
	t := &Tree{keep: keep, meter: meter}
	t.root = t.directory(0o755)
	return t
}

func (t *Tree) directory(mode int64) *node {
	return &node{File: &File{Type: archive.Directory, Mode: mode}, layer: t.layer, children: map[string]*node{}, clear: t.layer}
}

// step is one component of a path.
type step struct {
	name string
	node *node // nil if the path does not exist
}

// way is a path without symlinks, starting at the root.
type way []step

func (w way) end() step { return w[len(w)-1] }

func (w way) String() string {
	var name strings.Builder
	for _, s := range w[1:] {
		name.WriteString("/" + s.name)
	}
	return name.String()
}

func (w way) length() int {
	length := 0
	for _, s := range w[1:] {
		length += 1 + len(s.name)
	}
	return length
}

// walk resolves a path as Linux does with the image as its root. It follows a symlink in the last component only if
// follow is true. If grow is true, it makes missing parent directories. Only the last step of the result may have no
// node.
func (t *Tree) walk(name string, follow, grow bool) (way, error) {
	w := way{{"", t.root}}
	links := 0
	for rest := name; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		rest = strings.TrimLeft(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			w = w[:max(len(w)-1, 1)]
			continue
		}
		here := w.end().node
		if here == nil {
			return nil, fmt.Errorf("/%s: %w", name, fs.ErrNotExist)
		}
		if here.Type != archive.Directory {
			return nil, fmt.Errorf("file /%s: %v is no directory", name, w)
		}
		next := here.children[part]
		if next != nil && next.Type == archive.Symlink && (rest != "" || follow) {
			if links++; links > maxLinks {
				return nil, fmt.Errorf("file /%s: too many symlinks on the way", name)
			}
			if path.IsAbs(next.Link) {
				w = w[:1]
			}
			rest = next.Link + "/" + rest
			continue
		}
		if next == nil && rest != "" && grow {
			if err := t.meter.File(); err != nil {
				return nil, err
			}
			next = t.directory(0o755)
			here.children[part] = next
		}
		w = append(w, step{part, next})
	}
	if w.length() > maxPath {
		return nil, fmt.Errorf("file /%.40s...: symlinks lead to a path that is too long", name)
	}
	return w, nil
}

// Lookup follows a path to its end. The returned path is absolute and free of symlinks. If the path does not exist, the
// error is fs.ErrNotExist.
func (t *Tree) Lookup(name string) (string, File, error) {
	w, err := t.walk(strings.TrimLeft(name, "/"), true, false)
	if err != nil {
		return "", File{}, err
	}
	if w.end().node == nil {
		return "", File{}, fmt.Errorf("%v: %w", w, fs.ErrNotExist)
	}
	return w.String(), *w.end().node.File, nil
}
