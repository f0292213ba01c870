package packages_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// applets are all commands in the root besides iptables, as symlinks to busybox. A script that calls any other command
// fails.
var applets = []string{"ash", "sh", "grep", "ln", "mkdir", "mv", "readlink", "rm"}

// alpine makes a root with symlinks that belong to packages, Debian's binaries of both modes in dir, and busybox for
// all other commands.
func alpine(t *testing.T, dir string) string {
	t.Helper()
	needs.Machine(t, "busybox")
	archives := roots.Debians(t) // the machine's busybox needs the C library of the last one, which is the newest
	root := rootOf(t, archives[len(archives)-1])
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.RemoveAll(filepath.Join(root, "usr/bin")))
	must(os.RemoveAll(filepath.Join(root, "etc/alternatives")))
	must(os.RemoveAll(filepath.Join(root, "var/lib/dpkg")))
	must(os.Mkdir(filepath.Join(root, "usr/bin"), 0o755))
	// Alpine merges neither directory.
	must(os.Remove(filepath.Join(root, "sbin")))
	must(os.Mkdir(filepath.Join(root, "sbin"), 0o755))
	busybox, err := exec.LookPath("busybox")
	must(err)
	data, err := os.ReadFile(busybox)
	must(err)
	must(os.WriteFile(filepath.Join(root, "usr/bin/busybox"), data, 0o755))
	for _, applet := range applets {
		must(os.Symlink("busybox", filepath.Join(root, "usr/bin", applet)))
	}
	for _, name := range names {
		must(os.Remove(filepath.Join(root, "usr/sbin", name)))
		must(os.Symlink("xtables-nft-multi", filepath.Join(root, "usr/sbin", name)))
	}
	files, err := filepath.Glob(filepath.Join(root, "usr/sbin/*tables*"))
	must(err)
	for _, file := range files {
		must(os.Rename(file, filepath.Join(root, dir, filepath.Base(file))))
	}
	return root
}

// add puts a package's files into the root and runs its script like apk, which passes the new version and the old one.
func (m *machine) add(p *archive.Package, script string, versions ...string) {
	for _, file := range p.Files {
		path := filepath.Join(m.root, file.Name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && file.Type == archive.Regular {
			err = os.WriteFile(path+".apk-new", file.Data, os.FileMode(file.Mode))
		}
		if err == nil && file.Type == archive.Regular {
			err = os.Rename(path+".apk-new", path)
		}
		if err != nil {
			panic(failure(err.Error()))
		}
	}
	m.script(p, script, versions...)
}

func (m *machine) script(p *archive.Package, script string, versions ...string) {
	text := p.Control[script]
	if len(text) == 0 {
		panic(failure("the package has no " + script))
	}
	if err := os.WriteFile(filepath.Join(m.root, "tmp", script), text, 0o755); err != nil {
		panic(failure(err.Error()))
	}
	m.run(append([]string{"/tmp/" + script}, versions...)...)
}

// del does what `apk del` does. It removes a directory with the last package that contains it; a directory in before
// belongs to another package.
func (m *machine) del(p *archive.Package, before map[string]string) {
	m.script(p, ".pre-deinstall", p.Version)
	for _, file := range slices.Backward(p.Files) {
		if _, was := before[file.Name]; was {
			continue
		}
		if err := os.Remove(filepath.Join(m.root, file.Name)); err != nil {
			panic(failure(err.Error()))
		}
	}
}

func readAPK(t *testing.T, variable string) *archive.Package {
	t.Helper()
	data, err := os.ReadFile(needs.Variable(t, variable))
	if err != nil {
		t.Fatal(err)
	}
	p, err := apk.Read(bytes.NewReader(data), archive.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The metadata that apk reads must depend on both modes, and have a script for each action.
func TestInfo(t *testing.T) {
	p := readAPK(t, "APK")
	info, err := apk.ParseInfo(p.Control[".PKGINFO"])
	if err != nil {
		t.Fatal(err)
	}
	if needs := info.Joined("depend"); needs != "iptables>=1.8.10 iptables-legacy" {
		t.Errorf("it needs %q", needs)
	}
	var scripts []string
	for _, member := range slices.Sorted(maps.Keys(p.Control)) {
		if strings.HasPrefix(member, ".p") {
			scripts = append(scripts, member)
		}
	}
	if want := []string{".post-install", ".post-upgrade", ".pre-deinstall"}; !slices.Equal(scripts, want) {
		t.Errorf("it has %q, want %q", scripts, want)
	}
}

// Runs the scripts in busybox's shell with busybox's commands, on both directory layouts of Alpine.
func TestScripts(t *testing.T) {
	p, newer := readAPK(t, "APK"), readAPK(t, "NEWER_APK")
	for dir, release := range map[string]string{"usr/sbin": "3.21 and later", "sbin": "3.19 and 3.20"} {
		t.Run(release, func(t *testing.T) {
			on(t, alpine(t, dir), func(m *machine) {
				versions := func(want string) {
					m.t.Helper()
					for _, name := range names {
						if says := m.run("/"+dir+"/"+name, "--version"); !strings.Contains(says, want) {
							m.t.Errorf("%s --version printed %q, want %s", name, says, want)
						}
					}
				}
				before := m.tree()
				m.add(p, ".post-install", p.Version)
				m.links("installed", dir, "iptables-wrapper")
				versions("(nf_tables)")
				m.host("legacy", dir)
				versions("(legacy)")
				m.links("pinned", dir, "xtables-legacy-multi")
				m.add(newer, ".post-upgrade", newer.Version, p.Version)
				m.links("upgraded", dir, "iptables-wrapper")
				versions("(legacy)")
				m.del(newer, before)
				m.same("deleted", before)
			})
		})
	}
}
