package links

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

const self = "/usr/sbin/iptables-wrapper"

func debian() roots.Tree { return roots.Find("Debian").Installed }

// plain returns a root without a database, whose names lead to the wrapper by this target.
func plain(target string) roots.Tree {
	return roots.Find("Alpine 3.22").Installed.With(roots.Names("usr/sbin", roots.To(target)))
}

// The binaries in the trees are copies of this test's own binary, so they can be executed. LINKS_TEST_AS in the environment
// makes a copy a multi-call binary that prints its name, or a wrapper that pins.
func TestMain(m *testing.M) {
	switch os.Getenv("LINKS_TEST_AS") {
	case "program":
		exe, _ := os.Executable()
		fmt.Println(filepath.Base(exe))
		os.Exit(0)
	case "pinner":
		for {
			root, inst := openFor(os.Getenv("LINKS_TEST_ROOT"))
			_ = Pin(inst, mode.NFT, applet.IPTables)
			root.Close()
		}
	}
	dir, err := os.MkdirTemp("", "links")
	if err == nil {
		err = copyPrograms(dir)
	}
	if err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// There are three programs, because the wrapper's file must not be a mode's binary.
var programs = map[string]string{}

func copyPrograms(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(self)
	for _, name := range []string{roots.NFT, roots.Legacy, roots.Wrapper} {
		programs[name] = filepath.Join(dir, name)
		err = errors.Join(err, os.WriteFile(programs[name], data, 0o755))
	}
	return err
}

// reset points all names at the wrapper again, by renames as an install does.
func reset(t *testing.T, dir string) {
	t.Helper()
	for name, content := range debian() {
		path := filepath.Join(dir, strings.TrimSuffix(name, "@"))
		temp := filepath.Join(dir, ".reset")
		var err error
		switch {
		case strings.HasPrefix(name, "etc/alternatives/"):
			err = errors.Join(os.Symlink(content, temp), os.Rename(temp, path))
		case strings.HasPrefix(name, "var/"):
			err = errors.Join(os.WriteFile(temp, []byte(content), 0o644), os.Rename(temp, path))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// assertNothingLeft checks that no temporary file of a pin exists.
func assertNothingLeft(t *testing.T, dir string) {
	t.Helper()
	for name := range roots.Read(t, dir) {
		if strings.Contains(name, ".iptables-wrapper") {
			t.Errorf("%s was left behind", name)
		}
	}
}

func openRoot(t *testing.T, dir string) *rootfs.Root {
	t.Helper()
	root, _ := openFor(dir)
	t.Cleanup(func() { root.Close() })
	return root
}

// openFor opens a root with both modes' binaries in /usr/sbin.
func openFor(dir string) (*rootfs.Root, *xtables.Installation) {
	root, err := rootfs.Open(dir)
	if err != nil {
		panic(err)
	}
	sbin := xtables.Binary{Dir: "/usr/sbin", Multi: true}
	inst := &xtables.Installation{Root: root, Wrapper: self}
	inst.Binaries[mode.NFT], inst.Binaries[mode.Legacy] = sbin, sbin
	return root, inst
}
