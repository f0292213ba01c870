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
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Whiteouts of the OCI image specification, layer.md.
const (
	whiteoutPrefix = ".wh."
	opaqueWhiteout = ".wh..wh..opq"
)

type owner struct{ uid, gid int }

// Tree is an unpacked root file system.
type Tree struct {
	Dir string
	// owners contains the owners in the layers, by cleaned path from Dir. The file system may not have them: if only some
	// users are mapped (user namespaces, Bazel's linux-sandbox), chown(2) to the others fails.
	owners map[string]owner
}

// Unpack applies the layers, lowest first, to a new directory. As `docker load`, it compares their tar archives with their
// diff IDs.
func Unpack(layers []v1.Layer, dir string) (*Tree, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	tree := &Tree{Dir: dir, owners: map[string]owner{}}
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
	archive := io.TeeReader(reader, sum)
	if err := t.apply(archive); err != nil {
		return err
	}
	// The archive can continue after its last entry.
	if _, err := io.Copy(io.Discard, archive); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); want.Hex != got {
		return fmt.Errorf("corrupt: its diff ID is sha256:%s, but the configuration states %s", got, want)
	}
	return nil
}

// apply unpacks the entries of one layer.
func (t *Tree) apply(layer io.Reader) error {
	reader := tar.NewReader(layer)
	written := map[string]bool{} // by this layer; an opaque whiteout does not remove them
	var directories []pending
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		target, err := t.resolve(header.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
		base := filepath.Base(target)
		if base == opaqueWhiteout {
			if err := clearExcept(filepath.Dir(target), written); err != nil {
				return fmt.Errorf("%s: %w", header.Name, err)
			}
			continue
		}
		if hidden, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
			if err := os.RemoveAll(filepath.Join(filepath.Dir(target), hidden)); err != nil {
				return fmt.Errorf("%s: %w", header.Name, err)
			}
			continue
		}
		if err := t.extract(reader, header, target); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
		for parent := target; parent != t.Dir && !written[parent]; parent = filepath.Dir(parent) {
			written[parent] = true
		}
		if header.Typeflag == tar.TypeDir {
			directories = append(directories, pending{header, target})
		}
	}
	// Each new entry changes a directory's time. So times are set last, those of parents after those of children.
	for i := len(directories) - 1; i >= 0; i-- {
		if err := setTime(directories[i].header, directories[i].target); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

type pending struct {
	header *tar.Header
	target string
}

// resolve returns the path below Dir for a name from an archive or a test. It follows symlinks in the parent inside the
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

// clearExcept empties a directory, but keeps the files of this layer.
func clearExcept(dir string, written map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		child := filepath.Join(dir, entry.Name())
		if written[child] {
			continue
		}
		if err := os.RemoveAll(child); err != nil {
			return err
		}
	}
	return nil
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
	header.Uid, header.Gid = t.owners[target].uid, t.owners[target].gid
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
