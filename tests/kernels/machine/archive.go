package machine

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cavaliergopher/cpio"
)

// Archive is an initial file system while it is written. Boot returns the first error of its methods.
type Archive struct {
	w   *cpio.Writer
	err error
}

func (a *Archive) put(name string, mode cpio.FileMode, data []byte) {
	if a.err == nil {
		a.err = a.w.WriteHeader(&cpio.Header{Name: name, Mode: mode, Size: int64(len(data)), Links: 1})
	}
	if a.err == nil {
		_, a.err = a.w.Write(data)
	}
}

// Directory adds a directory. Its parent must have been added.
func (a *Archive) Directory(name string, mode fs.FileMode) {
	bits := cpio.FileMode(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	a.put(name, cpio.TypeDir|bits, nil)
}

// File adds a regular file.
func (a *Archive) File(name string, mode fs.FileMode, data []byte) {
	a.put(name, cpio.TypeReg|cpio.FileMode(mode.Perm()), data)
}

// Symlink adds a symlink.
func (a *Archive) Symlink(name, target string) { a.put(name, cpio.TypeSymlink|0o777, []byte(target)) }

// Tree adds the directories, files and symlinks below dir, without the directory skip, as the directory name.
func (a *Archive) Tree(dir, name, skip string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if inside == skip {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch as := filepath.Join(name, inside); {
		case d.IsDir():
			a.Directory(as, info.Mode())
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			a.File(as, info.Mode(), data)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			a.Symlink(as, target)
		}
		return nil
	})
}
