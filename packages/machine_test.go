package packages_test

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

const (
	dpkg  = "/usr/bin/dpkg"
	alts  = "/usr/bin/update-alternatives"
	path  = "/usr/sbin/iptables-wrapper"
	state = "var/lib/iptables-wrapper"
)

var (
	groups = []string{"iptables", "ip6tables"}
	names  = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}
)

// machine is a root file system in which the test runs commands, in separate namespaces. Failures panic, and on
// recovers the panic, because t.Fatal works only in the test's goroutine, and commands run in another.
type machine struct {
	*node.Node
	t    *testing.T
	root string
}

type failure string

// on calls f with a machine over the root at lower, which is not changed.
func on(t *testing.T, lower string, f func(*machine)) {
	t.Helper()
	needs.Machine(t, "root")
	scratch := t.TempDir()
	err := node.Run(lower, scratch, func(n *node.Node) (err error) {
		defer func() {
			if said, failed := recover().(failure); failed {
				err = fmt.Errorf("%s", said)
			}
		}()
		m := &machine{Node: n, t: t, root: filepath.Join(scratch, "root")}
		// Package scripts write to /dev/null.
		if err := unix.Mknod(filepath.Join(m.root, "dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
			return err
		}
		f(m)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// run runs a command in the root and returns its output. A failure ends the test.
func (m *machine) run(argv ...string) string {
	out, err := m.Command(argv...).CombinedOutput()
	if err != nil {
		panic(failure(fmt.Sprintf("%q: %v\n%s", argv, err, out)))
	}
	return string(out)
}

// fails runs a command in the root that must fail, and returns its output.
func (m *machine) fails(argv ...string) string {
	out, err := m.Command(argv...).CombinedOutput()
	if err == nil {
		panic(failure(fmt.Sprintf("%q: went well\n%s", argv, out)))
	}
	return string(out)
}

// put copies a file of the test into /tmp of the root.
func (m *machine) put(file string) (inside string) {
	inside = "/tmp/" + filepath.Base(file)
	if err := m.Add(file, inside); err != nil {
		panic(failure(err.Error()))
	}
	return inside
}

// unseen are paths that the package does not own: the kernel's, logs of commands, and the databases of dpkg and rpm.
// The tests query those with dpkg and rpm.
var unseen = []string{
	"proc", "run", "tmp", "dev", "var/log", "var/cache", "var/lib/rpm", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend",
	"var/lib/dpkg/status", "var/lib/dpkg/status-old", "var/lib/dpkg/triggers", "var/lib/dpkg/updates", "var/lib/dpkg/available",
	"var/lib/dpkg/info/format",
}

// tree maps each path in the root to its type, permissions, owner, and symlink target or checksum.
func (m *machine) tree() map[string]string {
	files := map[string]string{}
	err := filepath.WalkDir(m.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, m.root+"/")
		if slices.Contains(unseen, name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		var stat unix.Stat_t
		if err := unix.Lstat(path, &stat); err != nil {
			return err
		}
		content := ""
		switch entry.Type() {
		case fs.ModeSymlink:
			content, err = os.Readlink(path)
		case 0:
			var data []byte
			data, err = os.ReadFile(path)
			content = fmt.Sprintf("%d bytes, %x", len(data), crc32.ChecksumIEEE(data))
		}
		files[name] = fmt.Sprintf("%o %d:%d %s", stat.Mode, stat.Uid, stat.Gid, content)
		return err
	})
	if err != nil {
		panic(failure(err.Error()))
	}
	return files
}

// same compares the root with an earlier result of tree.
func (m *machine) same(what string, before map[string]string) {
	m.t.Helper()
	now := m.tree()
	for name, is := range before {
		if now[name] != is {
			m.t.Errorf("%s: %s is %q, was %q", what, name, now[name], is)
		}
		delete(now, name)
	}
	for name, is := range now {
		m.t.Errorf("%s: %s was left: %s", what, name, is)
	}
}

func (m *machine) has(path string) bool {
	_, err := os.Lstat(filepath.Join(m.root, path))
	return err == nil
}

// modes runs each command with --version and compares the mode that it prints.
func (m *machine) modes(want string) {
	m.t.Helper()
	for _, name := range names {
		if says := m.run("/usr/sbin/"+name, "--version"); !strings.Contains(says, want) {
			m.t.Errorf("%s --version printed %q, want %s", name, says, want)
		}
	}
}

// links checks the target of all six commands in dir.
func (m *machine) links(what, dir, target string) {
	m.t.Helper()
	for _, name := range names {
		if is, err := os.Readlink(filepath.Join(m.root, dir, name)); is != target {
			m.t.Errorf("%s: %s/%s leads to %q, %v, want %q", what, dir, name, is, err, target)
		}
	}
}

// host creates kubelet's chain in a mode. dir is the directory of the binaries.
func (m *machine) host(mode, dir string) {
	for _, family := range groups {
		m.run("/"+dir+"/"+family+"-"+mode, "-t", "mangle", "-N", "KUBE-IPTABLES-HINT")
	}
}

// rootOf unpacks an image's layer and returns the directory.
func rootOf(t *testing.T, archive string) string {
	t.Helper()
	needs.Machine(t, "root")
	dir := t.TempDir()
	if err := node.Unpack(dir, archive); err != nil {
		t.Fatal(err)
	}
	return dir
}
