package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ground is a root file system that can be reset: an overlay over layers that are never written.
type ground struct {
	dir    string // directory for all of it, on a tmpfs
	layers string // separated by colons, highest first
	base   string // the layers only, mounted
	root   string // the root file system
}

// newGround creates the mounts in the caller's mount namespace.
func newGround(dir string, layers ...string) (*ground, error) {
	g := &ground{dir: dir, layers: strings.Join(layers, ":"), base: filepath.Join(dir, "base"), root: filepath.Join(dir, "root")}
	if err := errors.Join(os.MkdirAll(g.base, 0o755), os.MkdirAll(g.root, 0o755)); err != nil {
		return nil, err
	}
	if len(layers) == 1 {
		g.base = layers[0]
	} else if err := unix.Mount("overlay", g.base, "overlay", unix.MS_RDONLY, "lowerdir="+g.layers); err != nil {
		return nil, fmt.Errorf("mount the layers: %w", err)
	}
	return g, g.reset()
}

func (g *ground) upper() string { return filepath.Join(g.dir, "upper") }

// reset removes all changes to the root.
func (g *ground) reset() error {
	g.leave()
	work := filepath.Join(g.dir, "work")
	for _, dir := range []string{g.upper(), work} {
		if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
			return err
		}
	}
	options := "lowerdir=" + g.layers + ",upperdir=" + g.upper() + ",workdir=" + work
	if err := unix.Mount("overlay", g.root, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount the root: %w", err)
	}
	return unix.Mount("proc", filepath.Join(g.root, "proc"), "proc", 0, "")
}

// leave unmounts the root. The changed files stay in upper.
func (g *ground) leave() {
	_ = unix.Unmount(filepath.Join(g.root, "proc"), unix.MNT_DETACH)
	_ = unix.Unmount(g.root, unix.MNT_DETACH)
}

// changes maps each path that differs from the layers to a description of its current file.
type changes map[string]string

func (c changes) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%s: %s\n", name, c[name])
	}
	return b.String()
}

// without returns the changes except the wrapper's own hidden files.
func (c changes) without() changes {
	rest := maps.Clone(c)
	maps.DeleteFunc(rest, func(name, _ string) bool { return strings.Contains(name, "/.iptables-wrapper") })
	return rest
}

// against describes the differences between two sets of changes.
func (c changes) against(want changes) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if want[name] != c[name] {
			fmt.Fprintf(&b, "%s: %q, want %q; ", name, c[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, found := c[name]; !found {
			fmt.Fprintf(&b, "%s: as in the layers, want %q; ", name, want[name])
		}
	}
	return b.String()
}

// changes returns all changes to the root.
func (g *ground) changes() (changes, error) {
	found := changes{}
	err := filepath.WalkDir(g.upper(), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(g.upper(), path)
		if err != nil || name == "run" || strings.HasPrefix(name, "run/") { // where iptables-legacy has its lock
			return err
		}
		now, err := look(filepath.Join(g.root, name))
		if err != nil {
			return err
		}
		if was, err := look(filepath.Join(g.base, name)); err != nil || was != now {
			found[name] = now
			return err
		}
		return nil
	})
	return found, err
}

// look describes one file: type, permissions, owner, and target or content.
func look(path string) (string, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing", nil
	}
	if err != nil {
		return "", err
	}
	text := info.Mode().String()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		text += fmt.Sprintf(" %d:%d", st.Uid, st.Gid)
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return "link to " + target, err
	case info.Mode().IsRegular():
		data, err := os.ReadFile(path)
		if len(data) > 4<<10 || bytes.IndexByte(data, 0) >= 0 {
			return fmt.Sprintf("%s %d bytes %x", text, len(data), sha256.Sum256(data)), err
		}
		return fmt.Sprintf("%s %q", text, data), err
	}
	return text, nil
}
