package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const (
	whiteout       = ".wh."
	opaqueWhiteout = ".wh..wh..opq"
)

// AddBase reads one layer of the base image, so that this layer follows the base's links and repeats none of its
// directories: a directory entry over a link such as /sbin -> usr/sbin would replace it and break the image.
func (t *Tree) AddBase(r io.Reader) error {
	stream, err := archive.Decompress(r)
	if err != nil {
		return err
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
		name, err := archive.CleanName(header.Name)
		if err != nil {
			return fmt.Errorf("base layer: %w", err)
		}
		if name == "" {
			continue
		}
		if base := path.Base(name); base == opaqueWhiteout {
			t.remove(path.Dir(name), false)
			continue
		} else if removed, found := strings.CutPrefix(base, whiteout); found {
			t.remove(path.Join(path.Dir(name), removed), true)
			continue
		}
		file := archive.File{Name: name, Type: archive.Regular, Mode: header.Mode & 0o7777, UID: header.Uid, GID: header.Gid}
		switch header.Typeflag {
		case tar.TypeDir:
			file.Type = archive.Directory
		case tar.TypeSymlink:
			file.Type, file.Link = archive.Symlink, header.Linkname
		}
		t.nodes[name] = &node{File: file, owner: "the base image", below: true}
	}
}

// remove takes away what is beneath a directory, and with self the path itself.
func (t *Tree) remove(name string, self bool) {
	for path := range t.nodes {
		if strings.HasPrefix(path, name+"/") || (self && path == name) {
			delete(t.nodes, path)
		}
	}
}

// WriteFile writes a file completely or not at all.
func WriteFile(name string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
