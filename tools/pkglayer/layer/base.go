package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Whiteout begins the name of an entry that takes a path of the layers below away (OCI image specification).
const Whiteout = ".wh."

const opaqueWhiteout = ".wh..wh..opq"

// Unpack reads one layer of the base image, so that this layer follows the base's links and repeats none of its
// directories: a directory entry over a link such as /sbin -> usr/sbin would replace it and break the image. It also
// unpacks the layer into a directory, by anybody and for reading: owners and device nodes are left out. Nothing is written
// through a link of the layer's, wherever it leads.
func (t *Tree) Unpack(r io.Reader, directory string) error {
	stream, err := archive.Decompress(r)
	if err != nil {
		return fmt.Errorf("base layer: %w", err)
	}
	defer stream.Close()
	entries := tar.NewReader(stream)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("base layer: %w", err)
		}
		if err := t.applyEntry(header, entries, unpacked(directory)); err != nil {
			return fmt.Errorf("base layer: %w", err)
		}
	}
}

func (t *Tree) applyEntry(header *tar.Header, content io.Reader, disk unpacked) error {
	name, err := archive.CleanName(header.Name)
	if err != nil || name == "" {
		return err
	}
	if name, err = t.resolve(name); err != nil {
		return err
	}
	if path.Base(name) == opaqueWhiteout {
		return t.remove(path.Dir(name), false, disk)
	}
	if hidden, found := strings.CutPrefix(path.Base(name), Whiteout); found {
		return t.remove(path.Join(path.Dir(name), hidden), true, disk)
	}
	file := archive.File{Name: name, Type: archive.Regular, Mode: header.Mode & 0o7777, UID: header.Uid, GID: header.Gid}
	switch header.Typeflag {
	case tar.TypeDir:
		file.Type = archive.Directory
	case tar.TypeSymlink:
		file.Type, file.Link = archive.Symlink, header.Linkname
	case tar.TypeLink:
		file.Type = archive.Hardlink
		if file.Link, err = archive.CleanName(header.Linkname); err != nil {
			return err
		}
		if file.Link, err = t.resolve(file.Link); err != nil {
			return err
		}
	}
	old, exists := t.nodes[name]
	if exists && (old.Type != archive.Directory || file.Type != archive.Directory) {
		if err := t.remove(name, true, disk); err != nil {
			return err
		}
	}
	if err := t.checkParents(name); err != nil {
		return err
	}
	t.nodes[name] = &node{File: file, owner: "the base image", below: true}
	if isDevice(header.Typeflag) {
		return nil
	}
	return disk.put(file, content)
}

func isDevice(kind byte) bool {
	return kind == tar.TypeChar || kind == tar.TypeBlock || kind == tar.TypeFifo
}

// remove takes away what is beneath a directory, and with self the path itself.
func (t *Tree) remove(name string, self bool, disk unpacked) error {
	for found := range t.nodes {
		if !strings.HasPrefix(found, name+"/") && (!self || found != name) {
			continue
		}
		delete(t.nodes, found)
		if err := disk.remove(found); err != nil {
			return err
		}
	}
	return nil
}
