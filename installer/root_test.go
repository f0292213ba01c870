package installer_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// wrapperVariable names the variable with the path of the built wrapper.
const wrapperVariable = "INSTALLER_WRAPPER"

// shells are the programs that are /bin/sh in common images: dash in Debian, ash in Alpine, bash in Fedora.
func shells() [][]string {
	return [][]string{{"dash"}, {"busybox", "ash"}, {"bash", "--posix"}}
}

// scriptRoot is a real Debian root with a shell, and with the wrapper and the script copied to its top directory, as in a
// Dockerfile.
type scriptRoot struct {
	dir   string
	shell []string
	stdin string
}

// newScriptRoot creates a root from hard links to the files of debian. No program writes to such a file in place.
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

// bring copies a program of this machine into the root, with its own loader and libraries, because those of the root may be
// older. It returns the command that starts it there.
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
		return []string{inside} // a static program
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

// run runs the script in its shell in directory, inside the root. PATH contains only the root's own programs.
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

// files returns the paths of all files and symlinks in the root.
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

// assertRemoved compares the files that were removed since before with the expected ones.
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

// readOnly mounts a file over itself, read-only, for the duration of the test.
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
