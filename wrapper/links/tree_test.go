package links

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

const dpkgState = `auto
/usr/sbin/iptables
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-legacy
10
/usr/sbin/iptables-legacy-restore
/usr/sbin/iptables-legacy-save
/usr/sbin/iptables-nft
20
/usr/sbin/iptables-nft-restore
/usr/sbin/iptables-nft-save
/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper

`

const oneGroupHeader = `auto
/usr/sbin/iptables
ip6tables
/usr/sbin/ip6tables
ip6tables-restore
/usr/sbin/ip6tables-restore
ip6tables-save
/usr/sbin/ip6tables-save
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

`

// tree is a root file system with the wrapper installed. Keys ending in @ are links.
type tree map[string]string

func base() tree {
	files := tree{"usr/sbin/iptables-wrapper": "", "usr/sbin/xtables-nft-multi": "", "usr/sbin/xtables-legacy-multi": ""}
	for _, a := range applet.All() {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			files["usr/sbin/"+a.In(m)+"@"] = "xtables-" + m.String() + "-multi"
		}
	}
	return files
}

func plain(target string) tree {
	files := base()
	for _, a := range applet.All() {
		files["usr/sbin/"+a.String()+"@"] = target
	}
	return files
}

func alternativesTree(states map[string]string) tree {
	files := base()
	for _, a := range applet.All() {
		files["usr/sbin/"+a.String()+"@"] = "/etc/alternatives/" + a.String()
		files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/iptables-wrapper"
	}
	for file, state := range states {
		files[file] = state
	}
	return files
}

func debian() tree {
	return alternativesTree(map[string]string{
		"var/lib/dpkg/alternatives/iptables":  dpkgState,
		"var/lib/dpkg/alternatives/ip6tables": ip6(dpkgState),
	})
}

func ip6(state string) string {
	return strings.ReplaceAll(strings.ReplaceAll(state, "iptables", "ip6tables"), "ip6tables-wrapper", "iptables-wrapper")
}

func fedora() tree {
	const suffixes = "/usr/sbin/ip6tables%[1]s\n/usr/sbin/ip6tables%[1]s-restore\n/usr/sbin/ip6tables%[1]s-save\n" +
		"/usr/sbin/iptables%[1]s-restore\n/usr/sbin/iptables%[1]s-save\n"
	state := oneGroupHeader + "/usr/sbin/iptables-nft\n10\n" + fmt.Sprintf(suffixes, "-nft") +
		"/usr/sbin/iptables-legacy\n10\n" + fmt.Sprintf(suffixes, "-legacy") +
		"/usr/sbin/iptables-wrapper\n100\n" + strings.Repeat("/usr/sbin/iptables-wrapper\n", 5)
	return alternativesTree(map[string]string{"var/lib/alternatives/iptables": state})
}

func azure() tree {
	state := strings.TrimSuffix(dpkgState, "\n") // the other file format, the same groups
	return alternativesTree(map[string]string{
		"var/lib/alternatives/iptables": state, "var/lib/alternatives/ip6tables": ip6(state),
	})
}

func sle() tree {
	state := oneGroupHeader
	for _, row := range []string{"iptables-wrapper\n100", "xtables-legacy-multi\n1", "xtables-nft-multi\n2"} {
		name, _, _ := strings.Cut(row, "\n")
		state += "/usr/sbin/" + row + "\n" + strings.Repeat("/usr/sbin/"+name+"\n", 5)
	}
	return alternativesTree(map[string]string{"var/lib/alternatives/iptables": state + "\n"})
}

func libalternatives() tree {
	files := base()
	files["usr/bin/alts"] = ""
	for _, a := range applet.All() {
		files["usr/sbin/"+a.String()+"@"] = "/usr/bin/alts"
		files["usr/share/libalternatives/"+a.String()+"/90.conf"] = "binary=/usr/sbin/iptables-wrapper\ngroup=iptables, ip6tables\noptions=KeepArgv0\n"
	}
	return files
}

func (files tree) build(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(dir, ".program")
	if err := os.WriteFile(one, program, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(dir, strings.TrimSuffix(name, "@"))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case err != nil:
		case strings.HasSuffix(name, "@"):
			err = os.Symlink(content, path)
		case content == "":
			err = os.Link(one, path)
		default:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// snapshot is the whole tree as text: links with their targets, small files with their content.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			all[name+"@"] = target
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() > 1<<16 {
			all[name] = ""
			return err
		}
		data, err := os.ReadFile(path)
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(all, ".program")
	return all
}

func assertTree(t *testing.T, dir string, want tree) {
	t.Helper()
	got := snapshot(t, dir)
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s: got %q, want %q", name, got[name], content)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s was left behind", name)
	}
}

// reset points everything at the wrapper again, by renames as an install does.
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

const self = "/usr/sbin/iptables-wrapper"

func openRoot(t *testing.T, dir string) *rootfs.Root {
	t.Helper()
	root, _ := openFor(dir)
	t.Cleanup(func() { root.Close() })
	return root
}

func openFor(dir string) (*rootfs.Root, xtables.Installation) {
	root, err := rootfs.Open(dir)
	if err != nil {
		panic(err)
	}
	return root, xtables.Installation{
		mode.NFT:    xtables.Binary{Dir: "/usr/sbin", Multi: true},
		mode.Legacy: xtables.Binary{Dir: "/usr/sbin", Multi: true},
	}
}
