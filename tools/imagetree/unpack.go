package imagetree

import (
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Limits returns the resources that an image of this compressed size may use. They are several times what real images
// need, so that a small image cannot fill a disk.
func Limits(compressed int64) archive.Limits {
	return archive.Limits{Files: 1_000_000, Bytes: 256<<20 + 16*compressed, Time: 15 * time.Minute}
}

// staging is the directory of file contents until all paths of the image are known. The names in it are numbers.
const staging = ".iptables-wrappers-contents"

// Unpack writes the tree that read builds into an empty directory. All files are readable by all users. Owners,
// extended attributes and device nodes are left out.
func Unpack(dir string, limits archive.Limits, read func(*Tree) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(staging, 0o700); err != nil {
		return err
	}
	u := unpacker{root: root, placed: map[*File]string{}}
	tree := New(archive.NewMeter(limits), u.keep)
	if err := read(tree); err != nil {
		return err
	}
	if tree.root.children[staging] != nil {
		return fmt.Errorf("file /%s: the name is reserved", staging)
	}
	if err := u.write(tree.root, "."); err != nil {
		return err
	}
	return root.RemoveAll(staging)
}

type unpacker struct {
	root   *os.Root
	kept   int
	placed map[*File]string // one path of each regular file
}

func (u *unpacker) keep(content io.Reader, mode int64) (int, error) {
	u.kept++
	file, err := u.root.OpenFile(path.Join(staging, strconv.Itoa(u.kept)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if _, err := io.Copy(file, content); err != nil {
		return 0, err
	}
	if err := file.Chmod(os.FileMode(mode&0o777 | 0o400)); err != nil {
		return 0, err
	}
	return u.kept, file.Close()
}

// write writes what is beneath a directory. In the tree, every parent of a path is a directory, so no symlink is
// followed.
func (u *unpacker) write(dir *node, name string) error {
	for base, child := range dir.children {
		if err := u.place(child, path.Join(name, base)); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) place(n *node, name string) error {
	switch n.Type {
	case archive.Directory:
		if err := u.root.Mkdir(name, 0o700); err != nil {
			return err
		}
		if err := u.write(n, name); err != nil {
			return err
		}
		return u.root.Chmod(name, os.FileMode(n.Mode&0o777|0o700))
	case archive.Symlink:
		return u.root.Symlink(n.Link, name)
	case archive.Regular:
		if first, placed := u.placed[n.File]; placed {
			return u.root.Link(first, name)
		}
		u.placed[n.File] = name
		return u.root.Rename(path.Join(staging, strconv.Itoa(n.Content)), name)
	}
	return nil
}
