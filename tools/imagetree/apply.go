package imagetree

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Whiteout is the prefix of an entry's name that removes a path of the layers below (OCI image specification,
// layer.md).
const Whiteout = ".wh."

const opaqueWhiteout = Whiteout + Whiteout + ".opq"

// Apply reads the next layer of the image, as containerd does (applyNaive in pkg/archive/tar.go), with one difference:
// following the specification, a whiteout never removes a path of the same layer, in whatever order the entries come.
func (t *Tree) Apply(r io.Reader) error {
	stream, err := archive.Decompress(r)
	if err != nil {
		return err
	}
	defer stream.Close()
	t.layer++
	entries := archive.NewEntries(stream, t.meter)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = t.apply(header, entries)
		}
		if err != nil {
			return err
		}
	}
}

func (t *Tree) apply(header *tar.Header, content io.Reader) error {
	name, err := archive.CleanName(header.Name)
	if err != nil || name == "" || header.Typeflag == tar.TypeXGlobalHeader {
		return err
	}
	way, err := t.walk(name, false, true)
	if err != nil {
		return err
	}
	dir, end := way[len(way)-2].node, way.end()
	if hidden, found := strings.CutPrefix(end.name, Whiteout); found {
		return t.whiteout(dir, hidden, header.Name)
	}
	if header.Typeflag == tar.TypeDir {
		return t.mergeDirectory(dir, end, header.Mode&0o7777)
	}
	delete(dir.children, end.name)
	file, err := t.file(header, content)
	if err != nil {
		return fmt.Errorf("file /%s: %w", name, err)
	}
	dir.children[end.name] = &node{File: file, layer: t.layer}
	return nil
}

// whiteout removes files of earlier layers from a directory: one name, or all.
func (t *Tree) whiteout(dir *node, hidden, name string) error {
	switch Whiteout + hidden {
	case opaqueWhiteout:
		t.hide(dir)
		return nil
	case Whiteout, Whiteout + ".", Whiteout + "..":
		return fmt.Errorf("file %q: invalid whiteout name", name)
	}
	if child := dir.children[hidden]; child != nil && t.hidden(child) {
		delete(dir.children, hidden)
	}
	return nil
}

// hide removes all files of earlier layers from a directory. It searches each directory at most once per layer,
// however many whiteouts there are.
func (t *Tree) hide(dir *node) {
	if dir.clear == t.layer {
		return
	}
	dir.clear = t.layer
	for name, child := range dir.children {
		if t.hidden(child) {
			delete(dir.children, name)
		}
	}
}

// hidden removes the files of earlier layers beneath a path. It returns true if this layer made neither the path nor
// anything beneath it.
func (t *Tree) hidden(n *node) bool {
	if n.Type == archive.Directory {
		if t.hide(n); len(n.children) > 0 {
			n.layer = t.layer
		}
	}
	return n.layer < t.layer
}

// mergeDirectory makes a directory, or gives an existing one the mode of the entry.
func (t *Tree) mergeDirectory(dir *node, end step, mode int64) error {
	if end.node != nil && end.node.Type == archive.Directory {
		end.node.Mode, end.node.layer = mode, t.layer
		return nil
	}
	dir.children[end.name] = t.directory(mode)
	return nil
}

// file returns the file of an entry that is not a directory.
func (t *Tree) file(header *tar.Header, content io.Reader) (*File, error) {
	file := &File{Mode: header.Mode & 0o7777}
	var err error
	switch header.Typeflag {
	case tar.TypeReg:
		file.Type = archive.Regular
		file.Content, err = t.keep(content, file.Mode)
	case tar.TypeSymlink:
		file.Type, file.Link = archive.Symlink, header.Linkname
		err = archive.CheckTarget(file.Link)
	case tar.TypeLink:
		return t.linked(header.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		err = fmt.Errorf("unknown tar entry type %q", header.Typeflag)
	}
	return file, err
}

// linked returns the file that a hard link names. If that is a symlink, the result is the symlink itself.
func (t *Tree) linked(target string) (*File, error) {
	target, err := archive.CleanName(target)
	if err != nil {
		return nil, err
	}
	way, err := t.walk(target, false, false)
	if err != nil {
		return nil, fmt.Errorf("hard link: %w", err)
	}
	if end := way.end().node; end != nil && end.Type != archive.Directory {
		return end.File, nil
	}
	return nil, fmt.Errorf("hard link to %v, which is not a file of the image", way)
}
