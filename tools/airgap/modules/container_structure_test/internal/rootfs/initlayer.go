package rootfs

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// initLayer lists what Docker puts over each image before it starts a container or copies a file from one: directories,
// empty files and a symlink (moby, daemon/initlayer, Setup).
var initLayer = []struct {
	name, target string
	mode         os.FileMode
}{
	{name: "/.dockerenv"},
	{name: "/dev/console"},
	{name: "/dev/pts", mode: os.ModeDir},
	{name: "/dev/shm", mode: os.ModeDir},
	{name: "/etc/hostname"},
	{name: "/etc/hosts"},
	{name: "/etc/mtab", mode: os.ModeSymlink, target: "/proc/mounts"},
	{name: "/etc/resolv.conf"},
	{name: "/proc", mode: os.ModeDir},
	{name: "/sys", mode: os.ModeDir},
}

// AddInitLayer makes the tree that of a container. As in Docker, a path whose beginning is not a directory replaces that
// part, and directories of the image stay as they are.
func (t *Tree) AddInitLayer() error {
	for _, entry := range initLayer {
		target := filepath.Join(t.Dir, entry.name)
		if err := t.replace(entry.name); err != nil {
			return fmt.Errorf("%s: %w", entry.name, err)
		}
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		var err error
		switch entry.mode {
		case os.ModeDir:
			err = os.Mkdir(target, 0o755)
		case os.ModeSymlink:
			err = os.Symlink(entry.target, target)
		default:
			err = os.WriteFile(target, nil, 0o755)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replace removes the first part of the path that is there and not a directory.
func (t *Tree) replace(name string) error {
	at := "/"
	for part := range strings.SplitSeq(name[1:], "/") {
		at = path.Join(at, part)
		target := filepath.Join(t.Dir, at)
		info, err := os.Lstat(target)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return os.Remove(target)
		}
	}
	return nil
}
