package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// state tells whether a path has changed: the installer replaces files and links by renaming, so that what it touched
// has another inode.
type state struct {
	inode uint64
	mode  fs.FileMode
	size  int64
	time  int64
}

// snapshot walks a root file system.
func snapshot(root string) (map[string]state, error) {
	files := map[string]state{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		now := state{mode: info.Mode()}
		if !entry.IsDir() {
			now.inode = info.Sys().(*syscall.Stat_t).Ino
			now.size, now.time = info.Size(), info.ModTime().UnixNano()
		}
		files[filepath.ToSlash(relative)] = now
		return nil
	})
	return files, err
}

// changes adds what differs between two snapshots of root to the tree: new and replaced files and links, new
// directories, and a whiteout for what is gone. Everything belongs to root, as after an installation in a container.
func changes(tree *layer.Tree, root string, before, after map[string]state) error {
	for name, now := range after {
		if was, existed := before[name]; existed && was == now {
			continue
		}
		file, err := readBack(root, name, now.mode)
		if err != nil {
			return err
		}
		if err := tree.Replace(file); err != nil {
			return err
		}
	}
	for name := range before {
		if _, still := after[name]; still {
			continue
		}
		if _, parent := after[path.Dir(name)]; !parent {
			continue // its whole directory is gone
		}
		gone := archive.File{Name: path.Join(path.Dir(name), layer.Whiteout+path.Base(name)), Type: archive.Regular}
		if err := tree.Add(gone); err != nil {
			return err
		}
	}
	return nil
}

func readBack(root, name string, mode fs.FileMode) (archive.File, error) {
	file := archive.File{Name: name, Mode: int64(mode.Perm())}
	var err error
	switch {
	case mode.IsDir():
		file.Type = archive.Directory
	case mode&fs.ModeSymlink != 0:
		file.Type, file.Mode = archive.Symlink, 0o777
		file.Link, err = os.Readlink(filepath.Join(root, name))
	default:
		file.Type = archive.Regular
		file.Data, err = os.ReadFile(filepath.Join(root, name))
	}
	return file, err
}
