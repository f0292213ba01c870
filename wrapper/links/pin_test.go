package links

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// The programs in the trees are copies of this test's own binary, a program that really runs; asked by the environment, it
// acts as a multi-call binary and says who it is, or as a wrapper and pins.
func TestMain(m *testing.M) {
	switch os.Getenv("LINKS_TEST_AS") {
	case "program":
		exe, _ := os.Executable()
		fmt.Println(filepath.Base(exe))
		os.Exit(0)
	case "pinner":
		for {
			root, inst := openFor(os.Getenv("LINKS_TEST_ROOT"))
			_ = Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT)
			root.Close()
		}
	}
	os.Exit(m.Run())
}

func openFor(dir string) (*rootfs.Root, xtables.Installation) {
	root, err := rootfs.Open(dir)
	if err != nil {
		panic(err)
	}
	return root, xtables.Installation{
		NFT:    xtables.Binary{Dir: "/usr/sbin", Multi: true},
		Legacy: xtables.Binary{Dir: "/usr/sbin", Multi: true},
	}
}

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

func TestPinEveryLayout(t *testing.T) {
	manual := func(s string) string { return "manual" + strings.TrimPrefix(s, "auto") }
	for _, row := range []struct {
		name  string
		build func() tree
		// change is what pinning to mode m does to the tree.
		change func(files tree, m mode.Mode)
	}{
		{"plain, relative", func() tree { return plain("iptables-wrapper") }, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/sbin/"+a.String()+"@"] = "xtables-" + m.String() + "-multi"
			}
		}},
		{"plain, absolute", func() tree { return plain("/usr/sbin/iptables-wrapper") }, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/sbin/"+a.String()+"@"] = "/usr/sbin/xtables-" + m.String() + "-multi"
			}
		}},
		{"plain, relative by way of a parent", func() tree { return plain("../sbin/iptables-wrapper") }, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/sbin/"+a.String()+"@"] = "../sbin/xtables-" + m.String() + "-multi"
			}
		}},
		{"dpkg, two groups", debian, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(m)
			}
			for _, file := range []string{"var/lib/dpkg/alternatives/iptables", "var/lib/dpkg/alternatives/ip6tables"} {
				files[file] = manual(files[file])
			}
		}},
		{"chkconfig, one group", fedora, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(m)
			}
			files["var/lib/alternatives/iptables"] = manual(files["var/lib/alternatives/iptables"])
		}},
		{"chkconfig, two groups", azure, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(m)
			}
			for _, file := range []string{"var/lib/alternatives/iptables", "var/lib/alternatives/ip6tables"} {
				files[file] = manual(files[file])
			}
		}},
		{"SLE 15", sle, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/xtables-" + m.String() + "-multi"
			}
			files["var/lib/alternatives/iptables"] = manual(files["var/lib/alternatives/iptables"])
		}},
		{"libalternatives", libalternatives, func(files tree, m mode.Mode) {
			for _, a := range applet.All() {
				files["usr/share/libalternatives/"+a.String()+"/90.conf"] =
					"binary=/usr/sbin/xtables-" + m.String() + "-multi\ngroup=iptables, ip6tables\noptions=KeepArgv0\n"
			}
		}},
	} {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			t.Run(row.name+" "+m.String(), func(t *testing.T) {
				dir := row.build().build(t)
				want := row.build()
				row.change(want, m)
				for range 2 { // the second time finds nothing to do
					root, inst := openFor(dir)
					if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, m); err != nil {
						t.Fatal(err)
					}
					root.Close()
					assertTree(t, dir, want)
				}
			})
		}
	}
}

// What leads elsewhere is somebody else's: a name already pinned, one replaced by a program, one missing.
func TestPinLeavesOthersAlone(t *testing.T) {
	files := plain("iptables-wrapper")
	files["usr/sbin/iptables-save@"] = "xtables-legacy-multi"
	files["usr/sbin/ip6tables@"] = "/nowhere"
	delete(files, "usr/sbin/ip6tables-save@")
	files["usr/sbin/ip6tables-restore"] = "#!/bin/sh\n"
	delete(files, "usr/sbin/ip6tables-restore@")
	dir := files.build(t)
	root, inst := openFor(dir)
	defer root.Close()
	if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT); err != nil {
		t.Fatal(err)
	}
	files["usr/sbin/iptables@"] = "xtables-nft-multi"
	files["usr/sbin/iptables-restore@"] = "xtables-nft-multi"
	assertTree(t, dir, files)
}

// A database that cannot be trusted or written keeps its links: it must not come to say what is not so.
func TestPinKeepsLinksOfAnUnusableDatabase(t *testing.T) {
	for name, spoil := range map[string]func(tree){
		"damaged":               func(files tree) { files["var/lib/dpkg/alternatives/iptables"] = "auto\n/usr/sbin/iptables\n" },
		"mode not registered":   func(files tree) { files["var/lib/dpkg/alternatives/iptables"] = onlyWrapper() },
		"registered, not there": func(files tree) { delete(files, "usr/sbin/iptables-nft-save@") },
	} {
		t.Run(name, func(t *testing.T) {
			files := debian()
			spoil(files)
			dir := files.build(t)
			root, inst := openFor(dir)
			defer root.Close()
			if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT); err == nil {
				t.Error("no error")
			}
			// The other group is whole and is pinned.
			for _, a := range []applet.Applet{applet.IP6Tables, applet.IP6TablesSave, applet.IP6TablesRestore} {
				files["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/" + a.In(mode.NFT)
			}
			const other = "var/lib/dpkg/alternatives/ip6tables"
			files[other] = "manual" + strings.TrimPrefix(files[other], "auto")
			assertTree(t, dir, files)
		})
	}
}

func onlyWrapper() string {
	return dpkgState[:strings.Index(dpkgState, "/usr/sbin/iptables-legacy\n")] + "/usr/sbin/iptables-wrapper\n100\n" +
		"/usr/sbin/iptables-wrapper\n/usr/sbin/iptables-wrapper\n\n"
}

func TestPinRaces(t *testing.T) {
	for name, build := range map[string]func() tree{"plain": func() tree { return plain("iptables-wrapper") }, "debian": debian} {
		t.Run(name, func(t *testing.T) {
			dir := build().build(t)
			var all sync.WaitGroup
			for range 256 {
				all.Go(func() {
					root, inst := openFor(dir)
					defer root.Close()
					if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.Legacy); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			for file := range snapshot(t, dir) {
				if strings.Contains(file, ".iptables-wrapper.") {
					t.Errorf("%s was left behind", file)
				}
			}
			assertRuns(t, dir, "xtables-legacy-multi")
		})
	}
}

// assertRuns starts every applet name inside the tree and compares which program it was.
func assertRuns(t *testing.T, dir string, want ...string) {
	t.Helper()
	root, _ := openFor(dir)
	defer root.Close()
	for _, a := range applet.All() {
		end, err := root.Resolve("/usr/sbin/" + a.String())
		if err != nil {
			t.Error(err)
			continue
		}
		run := exec.Command(filepath.Join(dir, end))
		// Under -race every exit waits a second for other threads' reports; this program has none to wait for.
		run.Env = append(os.Environ(), "LINKS_TEST_AS=program", "GORACE=atexit_sleep_ms=0")
		out, err := run.Output()
		name := filepath.Base(end)
		ok := false
		for _, w := range want {
			ok = ok || w == name
		}
		if err != nil || !ok || len(out) == 0 {
			t.Errorf("%s leads to %s, which says %q, %v; want one of %q", a, end, out, err, want)
		}
	}
}

// Pinners are killed at random instants while a watcher looks: every name leads to a program at every instant, and afterwards
// a pin that is let finish leaves nothing of the killed ones behind but unfinished state files' names.
func TestPinKilledAnywhere(t *testing.T) {
	dir := debian().build(t)
	root, inst := openFor(dir)
	defer root.Close()
	ctx, stop := context.WithCancel(t.Context())
	var watcher sync.WaitGroup
	watched := 0
	watcher.Go(func() {
		for ctx.Err() == nil {
			for _, a := range applet.All() {
				info, err := root.Stat("/usr/sbin/" + a.String())
				if err != nil || !info.IsRegular() || info.Perm()&0o111 == 0 {
					t.Errorf("%s leads to no program: %+v, %v", a, info, err)
					return
				}
			}
			watched++
		}
	})
	self, _ := os.Executable()
	for i := range 40 {
		reset(t, dir)
		pinner := exec.Command(self)
		pinner.Env = append(os.Environ(), "LINKS_TEST_AS=pinner", "LINKS_TEST_ROOT="+dir)
		if err := pinner.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 500 * time.Microsecond)
		_ = pinner.Process.Kill()
		_ = pinner.Wait()
		assertRuns(t, dir, "iptables-wrapper", "xtables-nft-multi")
	}
	stop()
	watcher.Wait()
	if watched == 0 {
		t.Error("the watcher never looked")
	}
	if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT); err != nil {
		t.Fatal(err)
	}
	assertRuns(t, dir, "xtables-nft-multi")
	for name := range snapshot(t, dir) {
		if strings.Contains(name, ".iptables-wrapper.") && !strings.HasPrefix(name, "var/lib/dpkg/.iptables-wrapper.") {
			t.Errorf("%s was left behind", name)
		}
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

// What a first call pays for pinning, and what every call pays where nothing can be pinned because it is already.
func BenchmarkPin(b *testing.B) {
	dir := debian().build(b)
	root, inst := openFor(dir)
	defer root.Close()
	for b.Loop() {
		if err := Pin(root, "/usr/sbin/iptables-wrapper", inst, mode.NFT); err != nil {
			b.Fatal(err)
		}
	}
}
