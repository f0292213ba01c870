package roots

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Tree is a root file system as text. Its entries are "path" -> content, "path@" -> target of a symlink, and "path/" ->
// "" for a directory.
type Tree map[string]string

// Contents of files that represent a binary: each mode's multi-call binary, and the wrapper.
const (
	NFT     = "program of mode nft"
	Legacy  = "program of mode legacy"
	Wrapper = "program that is the wrapper"
)

// Loader is the content of the ELF interpreter, which must be executable but is not executed.
const Loader = "the ELF interpreter"

func isProgram(content string) bool { return content == NFT || content == Legacy || content == Wrapper }

// With returns the tree with files added or replaced.
func (files Tree) With(more Tree) Tree {
	all := maps.Clone(files)
	maps.Copy(all, more)
	return all
}

// Without returns the tree without some files.
func (files Tree) Without(names ...string) Tree {
	all := maps.Clone(files)
	for _, name := range names {
		delete(all, name)
	}
	return all
}

// Build writes the tree into a temporary directory. programs are the files for NFT, Legacy and Wrapper. They may be
// hard links in the tree, so a test must replace them and never write to them.
func (files Tree) Build(t testing.TB, programs map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	// In this order, symlinks to directories are created before the files in them.
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		path := filepath.Join(dir, strings.TrimRight(name, "@/"))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case strings.HasSuffix(name, "@"):
			err = os.Symlink(content, path)
		case isProgram(content):
			err = link(programs[content], path)
		case content == Loader:
			err = os.WriteFile(path, []byte(content), 0o755)
		default:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// link makes a hard link or, on another file system, a copy. Binaries are large, and there are many trees.
func link(file, name string) error {
	if err := os.Link(file, name); err == nil {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o755)
}

// program is the content that Read returns for a binary, because it does not know which one it is.
const program = "a program"

// Read returns the tree in dir, without directories.
func Read(t testing.TB, dir string) Tree {
	t.Helper()
	files := Tree{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if entry.Type() == fs.ModeSymlink {
			files[name+"@"], err = os.Readlink(path)
			return err
		}
		data, err := os.ReadFile(path)
		files[name] = string(data)
		if strings.HasPrefix(files[name], "\x7fELF") {
			files[name] = program
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Assert compares the files in dir with a tree. It does not compare directories.
func Assert(t testing.TB, dir string, want Tree) {
	t.Helper()
	got := Read(t, dir)
	for name, content := range want {
		if strings.HasSuffix(name, "/") {
			continue
		}
		if isProgram(content) {
			content = program
		}
		if is, there := got[name]; !there || is != content {
			t.Errorf("%s: got %q, want %q", name, is, content)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is new", name)
	}
}

// Runtime returns the files that Debian's binaries of both modes need to be executed.
func Runtime() Tree {
	files := Tree{"lib64/ld-linux-x86-64.so.2": Loader}
	for _, library := range []string{"libxtables.so.12", "libmnl.so.0", "libnftnl.so.11", "libip4tc.so.2", "libip6tc.so.2", "libc.so.6"} {
		files["usr/lib/"+library] = "a shared library"
	}
	return files
}

// Binaries returns the binaries of a complete iptables in its directory, and Runtime.
func Binaries(dir string) Tree {
	files := Runtime().With(Tree{dir + "/xtables-nft-multi": NFT, dir + "/xtables-legacy-multi": Legacy})
	for _, a := range applet.All() {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			files[dir+"/"+a.In(m)+"@"] = "xtables-" + m.String() + "-multi"
		}
	}
	return files
}

// Names returns a symlink in dir for each applet. target returns its target.
func Names(dir string, target func(applet.Applet) string) Tree {
	files := Tree{}
	for _, a := range applet.All() {
		files[dir+"/"+a.String()+"@"] = target(a)
	}
	return files
}

// To returns the same target for every applet.
func To(target string) func(applet.Applet) string {
	return func(applet.Applet) string { return target }
}
