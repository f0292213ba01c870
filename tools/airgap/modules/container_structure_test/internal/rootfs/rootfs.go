// Package rootfs unpacks an image's layers into a directory, and reads files there as a container would.
package rootfs

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	securejoin "github.com/cyphar/filepath-securejoin"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/go-archive"
)

// Tree is an unpacked root file system.
type Tree struct {
	Dir string
}

// Unpack applies the layers, lowest first, to a new directory. As `docker load`, it compares their tar archives with their
// diff IDs.
func Unpack(layers []v1.Layer, dir string) (*Tree, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	tree := &Tree{Dir: dir}
	for i, layer := range layers {
		if err := tree.add(layer); err != nil {
			return nil, fmt.Errorf("unpack layer %d: %w", i, err)
		}
	}
	return tree, nil
}

// add unpacks one layer over the tree.
func (t *Tree) add(layer v1.Layer) error {
	want, err := layer.DiffID()
	if err != nil {
		return err
	}
	reader, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer reader.Close()
	sum := sha256.New()
	content := io.TeeReader(reader, sum)
	if _, err := archive.UnpackLayer(t.Dir, content, nil); err != nil {
		return err
	}
	// The archive can continue after its last entry.
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); want.Hex != got {
		return fmt.Errorf("corrupt: its diff ID is sha256:%s, but the configuration states %s", got, want)
	}
	return nil
}

// resolve returns the path below Dir for a name from a test. It follows symlinks in the parent inside the
// root, but does not follow the last element.
func (t *Tree) resolve(name string) (string, error) {
	clean := path.Clean("/" + name)
	if clean == "/" {
		return t.Dir, nil
	}
	parent, err := securejoin.SecureJoin(t.Dir, path.Dir(clean))
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, path.Base(clean)), nil
}

// Stat describes the file at path, an absolute path in the image, and does not follow the last element. As in Docker's
// driver, the result contains a tar header with the owner, and only files, directories and symlinks are found.
func (t *Tree) Stat(name string) (os.FileInfo, error) {
	target, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(target)
	if err != nil {
		return nil, t.plain(err, name)
	}
	if kind := info.Mode().Type(); kind != 0 && kind != os.ModeDir && kind != os.ModeSymlink {
		return nil, fmt.Errorf("file %s not found in image: it is no file, directory or symlink", name)
	}
	header, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return nil, err
	}
	return header.FileInfo(), nil
}

// maxLinks limits a chain of symlinks, as the kernel does (ELOOP, path_resolution(7)).
const maxLinks = 40

// ReadFile reads the file at path. It follows a symlink as container-structure-test's Docker driver does: from the root,
// even if the target is relative. So a test cannot pass here and fail there.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	current := name
	for range maxLinks {
		target, err := t.resolve(current)
		if err != nil {
			return nil, err
		}
		info, err := os.Lstat(target)
		if err != nil {
			return nil, t.plain(err, current)
		}
		switch {
		case info.Mode().Type() == os.ModeSymlink:
			if current, err = os.Readlink(target); err != nil {
				return nil, t.plain(err, current)
			}
		case info.IsDir():
			return nil, fmt.Errorf("cannot read %s: it is a directory, not a file", name)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("cannot read %s: it is no regular file", name)
		default:
			return os.ReadFile(target)
		}
	}
	return nil, fmt.Errorf("cannot read %s: too many links", name)
}

// ReadDir describes the subdirectories of the directory at path. As in Docker's driver, other files are left out.
func (t *Tree) ReadDir(name string) ([]os.FileInfo, error) {
	target, err := securejoin.SecureJoin(t.Dir, name)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(target)
	if err != nil {
		return nil, t.plain(err, name)
	}
	var infos []os.FileInfo
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, t.plain(err, name)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// Directory returns the path where the directory at path was unpacked, with all symlinks followed.
func (t *Tree) Directory(name string) (string, error) {
	target, err := securejoin.SecureJoin(t.Dir, name)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", t.plain(err, name)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is no directory", name)
	}
	return target, nil
}

// plain replaces the path in an error by the path in the image.
func (t *Tree) plain(err error, name string) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return fmt.Errorf("file %s: %w", name, pathError.Err)
	}
	return err
}
