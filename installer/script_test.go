package installer_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// wrapperVariable names the built wrapper.
const wrapperVariable = "INSTALLER_WRAPPER"

// shells are what /bin/sh is in the images people use: dash in Debian, ash in Alpine, bash in Fedora.
func shells() [][]string {
	return [][]string{{"dash"}, {"busybox", "ash"}, {"bash", "--posix"}}
}

// scriptRoot is a real Debian with the wrapper and the script copied to its top, as a Dockerfile does it, and a shell.
type scriptRoot struct {
	dir   string
	shell []string
	stdin string
}

// newScriptRoot makes a root of hard links to the files of debian: nothing writes to such a file in place.
func newScriptRoot(t *testing.T, debian, wrapper string, shell []string) scriptRoot {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("cp", "-al", debian+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	copyFile(t, wrapper, filepath.Join(dir, "iptables-wrapper"))
	copyFile(t, "iptables-wrapper-installer.sh", filepath.Join(dir, "iptables-wrapper-installer.sh"))
	return scriptRoot{dir: dir, shell: append(bring(t, shell[0], dir), shell[1:]...)}
}

// bring copies a program of this machine into the root, with its own loader and libraries beside it: those of the root may be
// older. It returns how to start it there.
func bring(t *testing.T, name, dir string) []string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "brought"), 0o755); err != nil {
		t.Fatal(err)
	}
	inside := "/brought/" + name
	copyFile(t, program, filepath.Join(dir, inside))
	libraries, err := exec.Command("ldd", program).Output()
	if err != nil {
		return []string{inside} // a static one
	}
	loader := ""
	for _, word := range strings.Fields(string(libraries)) {
		if !strings.HasPrefix(word, "/") {
			continue
		}
		copyFile(t, word, filepath.Join(dir, "brought", filepath.Base(word)))
		if strings.HasPrefix(filepath.Base(word), "ld-") {
			loader = "/brought/" + filepath.Base(word)
		}
	}
	return []string{loader, "--library-path", "/brought", inside}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run runs the script in its shell in directory, inside the root, with no program in PATH but the root's own.
func (r scriptRoot) run(script, directory string, args ...string) (out string, status int) {
	return r.sh(directory, append([]string{script}, args...)...)
}

// sh runs the shell with arguments.
func (r scriptRoot) sh(directory string, args ...string) (out string, status int) {
	argv := append(append([]string{}, r.shell...), args...)
	command := exec.Command(argv[0], argv[1:]...)
	command.Stdin = strings.NewReader(r.stdin)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: r.dir}
	command.Dir = directory
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	data, err := command.CombinedOutput()
	if command.ProcessState == nil {
		return err.Error(), -1
	}
	return string(data), command.ProcessState.ExitCode()
}

func (r scriptRoot) has(name string) bool {
	_, err := os.Lstat(filepath.Join(r.dir, name))
	return err == nil
}

// files are the paths of all files and symlinks in the root.
func (r scriptRoot) files(t *testing.T) map[string]bool {
	t.Helper()
	files := map[string]bool{}
	err := filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files[strings.TrimPrefix(path, r.dir)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// assertRemoved compares the files that are gone since before with those that may be.
func (r scriptRoot) assertRemoved(t *testing.T, before map[string]bool, want ...string) {
	t.Helper()
	after := r.files(t)
	var gone []string
	for name := range before {
		if !after[name] {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	slices.Sort(want)
	if !slices.Equal(gone, want) {
		t.Errorf("removed %q, want %q", gone, want)
	}
}

func (r scriptRoot) assertInstalled(t *testing.T) {
	t.Helper()
	if q := roots.Query(t, r.dir, "iptables"); q["Value"] != "/usr/sbin/iptables-wrapper" || q["Status"] != "auto" {
		t.Errorf("--query says %v", q)
	}
}

const (
	script  = "/iptables-wrapper-installer.sh"
	wrapper = "/iptables-wrapper"
)

// rows are what the script must do in each shell. A root has the script and the wrapper at its top.
var rows = []struct {
	name string
	test func(t *testing.T, r scriptRoot)
}{
	{"installs and cleans up", func(t *testing.T, r scriptRoot) {
		before := r.files(t)
		if out, status := r.run(script, "/"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, script, wrapper)
		r.assertInstalled(t)
	}},
	{"keeps on request, from elsewhere, twice", func(t *testing.T, r scriptRoot) {
		before := r.files(t)
		for range 2 {
			if out, status := r.run(".."+script, "/tmp", "--no-cleanup", "--no-sanity-check"); status != 0 {
				t.Fatalf("status %d\n%s", status, out)
			}
		}
		r.assertRemoved(t, before)
		r.assertInstalled(t)
	}},
	{"passes --nft-only on", func(t *testing.T, r scriptRoot) {
		if err := os.Remove(filepath.Join(r.dir, "usr/sbin/xtables-legacy-multi")); err != nil {
			t.Fatal(err)
		}
		if out, status := r.run(script, "/", "--nft-only"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertInstalled(t)
	}},
	{"finds the wrapper in the working directory", func(t *testing.T, r scriptRoot) {
		if err := os.Rename(filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "tmp", wrapper)); err != nil {
			t.Fatal(err)
		}
		if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "no iptables-wrapper in / or in the working directory") {
			t.Errorf("without it: status %d\n%s", status, out)
		}
		before := r.files(t)
		if out, status := r.run(script, "/tmp"); status != 0 {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, script, "/tmp"+wrapper)
	}},
	{"finds the wrapper beside its file, through symlinks", func(t *testing.T, r scriptRoot) {
		if err := errors.Join(
			os.MkdirAll(filepath.Join(r.dir, "opt/tools"), 0o755),
			os.Rename(filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "opt/tools/iptables-wrapper")),
			os.Rename(filepath.Join(r.dir, script), filepath.Join(r.dir, "opt/tools/installer")),
			os.Symlink("../../opt/tools/installer", filepath.Join(r.dir, "usr/bin/second")),
			os.Symlink("/usr/bin/second", filepath.Join(r.dir, "usr/bin/first")),
			os.WriteFile(filepath.Join(r.dir, "usr/bin/iptables-wrapper"), []byte("not the wrapper"), 0o755),
		); err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		if out, status := r.run("/usr/bin/first", "/"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, "/opt/tools/iptables-wrapper", "/opt/tools/installer", "/usr/bin/first")
		r.assertInstalled(t)
	}},
	{"removes nothing when it is read from standard input", func(t *testing.T, r scriptRoot) {
		text, err := os.ReadFile(filepath.Join(r.dir, script))
		if err != nil {
			t.Fatal(err)
		}
		// The shell's own file is $0, and stands in the working directory beside a wrapper.
		copyFile(t, filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "brought/iptables-wrapper"))
		r.stdin = string(text)
		before := r.files(t)
		if out, status := r.sh("/brought"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
		r.assertInstalled(t)
		if out, status := r.sh("/brought", "-s", "--", "--force"); status != 2 || !strings.Contains(out, "--force") {
			t.Errorf("an unknown option: status %d\n%s", status, out)
		}
	}},
	{"removes nothing when it is an argument of the shell", func(t *testing.T, r scriptRoot) {
		text, err := os.ReadFile(filepath.Join(r.dir, script))
		if err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		if out, status := r.sh("/", "-c", string(text)); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
		r.assertInstalled(t)
	}},
	{"does nothing when only a part of it arrives", func(t *testing.T, r scriptRoot) {
		text, err := os.ReadFile(filepath.Join(r.dir, script))
		if err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		for _, part := range []int{len(text) / 4, len(text) / 2, len(text) - len("\nmain \"$@\"\n")} {
			r.stdin = string(text[:part])
			r.sh("/")
		}
		if after := r.files(t); !maps.Equal(before, after) {
			t.Error("files changed")
		}
	}},
	{"takes a wrapper without execute permission", func(t *testing.T, r scriptRoot) {
		if err := os.Chmod(filepath.Join(r.dir, wrapper), 0o600); err != nil { // as ADD leaves what it fetches
			t.Fatal(err)
		}
		if out, status := r.run(script, "/"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertInstalled(t)
		info, err := os.Stat(filepath.Join(r.dir, "usr/sbin/iptables-wrapper"))
		if err != nil || info.Mode() != 0o755 {
			t.Errorf("the installed wrapper: %v, %v", info, err)
		}
	}},
	{"names the remedy for a wrapper that cannot get execute permission", func(t *testing.T, r scriptRoot) {
		file := filepath.Join(r.dir, wrapper)
		readOnly(t, file, 0o600)
		before := r.files(t)
		if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "no execute permission") || !strings.Contains(out, "chmod +x") {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
	}},
	{"names the option for files that cannot be removed", func(t *testing.T, r scriptRoot) {
		readOnly(t, filepath.Join(r.dir, wrapper), 0o755)
		if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "--no-cleanup") {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertInstalled(t)
	}},
	{"stays beside the mode binaries", func(t *testing.T, r scriptRoot) {
		copyFile(t, filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "usr/sbin/iptables-wrapper"))
		copyFile(t, filepath.Join(r.dir, script), filepath.Join(r.dir, "usr/sbin", script))
		before := r.files(t)
		if out, status := r.run("/usr/sbin"+script, "/"); status != 0 {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, "/usr/sbin"+script)
	}},
	{"refuses other options", func(t *testing.T, r scriptRoot) {
		before := r.files(t)
		for _, option := range []string{"--force", "--help", "nft", ""} {
			if out, status := r.run(script, "/", "--no-cleanup", option); status != 2 || !strings.Contains(out, "sh: "+option+": unknown option") {
				t.Errorf("%q: status %d\n%s", option, status, out)
			}
		}
		if after := r.files(t); !maps.Equal(before, after) {
			t.Error("files changed")
		}
	}},
	{"keeps the files when the install is refused", func(t *testing.T, r scriptRoot) {
		if err := os.Remove(filepath.Join(r.dir, "usr/sbin/xtables-legacy-multi")); err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		out, status := r.run(script, "/")
		if status != 1 || !strings.Contains(out, "apt-get install --reinstall iptables") {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
	}},
}

// readOnly mounts a file over itself, read-only, for the time of the test.
func readOnly(t *testing.T, file string, mode fs.FileMode) {
	t.Helper()
	if err := errors.Join(
		os.Chmod(file, mode),
		syscall.Mount(file, file, "", syscall.MS_BIND, ""),
		syscall.Mount("", file, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""),
	); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(file, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func TestScript(t *testing.T) {
	for _, shell := range shells() {
		t.Run(shell[0], func(t *testing.T) {
			needs.Machine(t, "root", shell[0])
			binary, debian := needs.Wrapper(t, wrapperVariable), roots.Unpack(t, roots.Debians(t)[0])
			for _, row := range rows {
				t.Run(row.name, func(t *testing.T) { row.test(t, newScriptRoot(t, debian, binary, shell)) })
			}
		})
	}
}
