package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// programs returns the directory with a real Debian's mode binaries, unpacked once for a test and all in it.
func programs(t testing.TB) string {
	t.Helper()
	dir := roots.Unpack(t, roots.Debians(t)[0], "*usr/sbin/xtables-*-multi")
	return filepath.Join(dir, "usr/sbin")
}

// tree is a root file system as text: "path" -> content, "path@" -> link target, "path/" -> an empty directory. The content
// "nft" and "legacy" of a file stands for that mode's binary.
type tree map[string]string

func (files tree) with(more tree) tree {
	all := maps.Clone(files)
	maps.Copy(all, more)
	return all
}

func (files tree) without(names ...string) tree {
	all := maps.Clone(files)
	for _, name := range names {
		delete(all, name)
	}
	return all
}

func (files tree) build(t testing.TB, programs string) string {
	t.Helper()
	dir := t.TempDir()
	// Directories that are links come before what is in them.
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		path := filepath.Join(dir, strings.TrimRight(name, "@"))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case strings.HasSuffix(name, "@"):
			err = os.Symlink(content, path)
		case content == "nft" || content == "legacy":
			var data []byte
			data, err = os.ReadFile(filepath.Join(programs, "xtables-"+content+"-multi"))
			err = errors.Join(err, os.WriteFile(path, data, 0o755))
		default:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// binaries is what every complete iptables has in its directory.
func binaries(dir string) tree {
	files := tree{dir + "/xtables-nft-multi": "nft", dir + "/xtables-legacy-multi": "legacy"}
	for _, a := range applet.All() {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			files[dir+"/"+a.In(m)+"@"] = "xtables-" + m.String() + "-multi"
		}
	}
	return files
}

// names is a link for each applet: in dir, to what target says for it.
func names(dir string, target func(applet.Applet) string) tree {
	files := tree{}
	for _, a := range applet.All() {
		files[dir+"/"+a.String()+"@"] = target(a)
	}
	return files
}

func to(target string) func(applet.Applet) string {
	return func(applet.Applet) string { return target }
}

func toAlternatives(a applet.Applet) string { return "/etc/alternatives/" + a.String() }

// snapshot is a tree read back with all that undoing has to restore: type, mode, owner, inode, content or target.
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

// install runs Install on dir with this test's own binary, a real program of this machine, as the wrapper.
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
