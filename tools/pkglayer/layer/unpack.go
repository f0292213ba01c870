package layer

import (
	"io"
	"os"
	"path/filepath"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// unpacked is a root file system on disk. The names it gets have been resolved by the tree, so that no component but
// the last is a link.
type unpacked string

func (u unpacked) path(name string) string { return filepath.Join(string(u), filepath.FromSlash(name)) }

func (u unpacked) remove(name string) error { return os.RemoveAll(u.path(name)) }

func (u unpacked) put(file archive.File, content io.Reader) error {
	target := u.path(file.Name)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	switch file.Type {
	case archive.Directory:
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		return os.Chmod(target, os.FileMode(file.Mode&0o777|0o700))
	case archive.Symlink:
		return os.Symlink(file.Link, target)
	case archive.Hardlink:
		return os.Link(u.path(file.Link), target)
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, content); err != nil {
		return err
	}
	if err := out.Chmod(os.FileMode(file.Mode&0o777 | 0o400)); err != nil {
		return err
	}
	return out.Close()
}
