package installer

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func alpine() roots.Tree { return roots.Find("Alpine 3.22").Before }

func debian() roots.Tree { return roots.Find("Debian").Before }

// snapshot returns the properties of a tree that an undo must restore: type, mode, owner, inode, content or target.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	all := map[string]string{}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := root.Lstat("/" + name)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%o %d:%d %d", info.Mode, info.Uid, info.Gid, info.Ino)
		switch {
		case info.Mode&unix.S_IFMT == unix.S_IFLNK:
			target, _ := root.Readlink("/" + name)
			text += " -> " + target
		case info.IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += " " + string(data)
		}
		all[name] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func assertUnchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := snapshot(t, dir)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s changed: %.120q, was %.120q", name, after[name], text)
		}
		delete(after, name)
	}
	for name := range after {
		t.Errorf("%s is new", name)
	}
}

func open(t testing.TB, dir string) *rootfs.Root {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// install runs Install on dir with this test's own binary, which this machine can execute, as the wrapper.
func install(t testing.TB, dir string, change ...func(*Options)) (Result, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Root: open(t, dir), Self: self, SanityCheck: true}
	for _, c := range change {
		c(&o)
	}
	return Install(o)
}

func mustInstall(t testing.TB, dir string) Result {
	t.Helper()
	r, err := install(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pin(dir, wrapper string, called applet.Applet) error {
	root, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	inst, err := xtables.Find(root, wrapper)
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	return links.Pin(inst, mode.NFT, called)
}
