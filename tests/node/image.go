package node

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Unpack unpacks the image in an OCI layout, which holds exactly one, into the folder dir.
func Unpack(ociLayout, dir string) error {
	image, err := onlyImage(ociLayout)
	if err != nil {
		return fmt.Errorf("%s: %w", ociLayout, err)
	}
	files := mutate.Extract(image)
	defer files.Close()
	// os.Root: whatever the archive says, nothing is written outside dir.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", ociLayout, err)
		}
		if err := unpackEntry(root, h, r); err != nil {
			return fmt.Errorf("%s: %s: %w", ociLayout, h.Name, err)
		}
	}
}

func onlyImage(ociLayout string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(ociLayout)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if n := len(manifest.Manifests); n != 1 {
		return nil, fmt.Errorf("%d images, want one", n)
	}
	return index.Image(manifest.Manifests[0].Digest)
}

// unpackEntry makes one file. mutate.Extract has left each path once, but not in an order in which folders come first.
func unpackEntry(root *os.Root, h *tar.Header, content io.Reader) error {
	name := filepath.Clean(h.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := h.FileInfo().Mode()
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, 0o755); err != nil {
			return err
		}
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return root.Link(filepath.Clean(h.Linkname), name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	default:
		return fmt.Errorf("type %q is not expected in an image made of packages", h.Typeflag)
	}
	return root.Chmod(name, mode)
}
