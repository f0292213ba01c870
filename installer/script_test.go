package installer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// wrapperVariable names the built wrapper. Without it the test builds it with the go command.
const wrapperVariable = "INSTALLER_WRAPPER"

func wrapperBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv(wrapperVariable); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "iptables-wrapper")
	build := exec.Command("go", "build", "-o", path, "../wrapper/iptables-wrapper")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s is not set, and the wrapper cannot be built: %v\n%s", wrapperVariable, err, out)
	}
	return path
}

// shells are what /bin/sh is in the images people use: dash in Debian, ash in Alpine, bash in Fedora.
func shells() [][]string {
	return [][]string{{"dash"}, {"busybox", "ash"}, {"bash", "--posix"}}
}

// scriptRoot is a real Debian with the wrapper and the script copied to its top, as a Dockerfile does it, and a shell.
type scriptRoot struct {
	dir   string
	shell []string
}

func newScriptRoot(t *testing.T, shell []string) scriptRoot {
	t.Helper()
	needs.Machine(t, "root", shell[0])
	dir := roots.Unpack(t, roots.Debians(t)[0])
	copyFile(t, wrapperBinary(t), filepath.Join(dir, "iptables-wrapper"))
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
	argv := append(append(append([]string{}, r.shell...), script), args...)
	command := exec.Command(argv[0], argv[1:]...)
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

const script = "/iptables-wrapper-installer.sh"

func TestScript(t *testing.T) {
	for _, shell := range shells() {
		t.Run(shell[0], func(t *testing.T) {
			t.Run("installs and cleans up", func(t *testing.T) {
				r := newScriptRoot(t, shell)
				if out, status := r.run(script, "/"); status != 0 || out != "" {
					t.Fatalf("status %d\n%s", status, out)
				}
				if r.has("iptables-wrapper") || r.has(script) {
					t.Error("the copied files are still there")
				}
				if q := roots.Query(t, r.dir, "iptables"); q["Value"] != "/usr/sbin/iptables-wrapper" || q["Status"] != "auto" {
					t.Errorf("--query says %v", q)
				}
			})
			t.Run("keeps on request, from elsewhere, twice", func(t *testing.T) {
				r := newScriptRoot(t, shell)
				for range 2 {
					if out, status := r.run(".."+script, "/tmp", "--no-cleanup", "--no-sanity-check"); status != 0 {
						t.Fatalf("status %d\n%s", status, out)
					}
				}
				if !r.has("iptables-wrapper") || !r.has(script) || !r.has("usr/sbin/iptables-wrapper") {
					t.Error("something is gone")
				}
			})
			t.Run("finds the wrapper in the working directory", func(t *testing.T) {
				r := newScriptRoot(t, shell)
				if err := os.Rename(filepath.Join(r.dir, "iptables-wrapper"), filepath.Join(r.dir, "tmp/iptables-wrapper")); err != nil {
					t.Fatal(err)
				}
				if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "no iptables-wrapper in /") {
					t.Errorf("without it: status %d\n%s", status, out)
				}
				if out, status := r.run(script, "/tmp"); status != 0 || r.has("tmp/iptables-wrapper") {
					t.Errorf("status %d\n%s", status, out)
				}
			})
			t.Run("stays beside the mode binaries", func(t *testing.T) {
				r := newScriptRoot(t, shell)
				copyFile(t, filepath.Join(r.dir, "iptables-wrapper"), filepath.Join(r.dir, "usr/sbin/iptables-wrapper"))
				copyFile(t, filepath.Join(r.dir, script), filepath.Join(r.dir, "usr/sbin", script))
				if out, status := r.run("/usr/sbin"+script, "/"); status != 0 {
					t.Fatalf("status %d\n%s", status, out)
				}
				if !r.has("usr/sbin/iptables-wrapper") || r.has("usr/sbin"+script) {
					t.Error("the installed wrapper is gone, or the script is not")
				}
			})
			t.Run("refuses other options", func(t *testing.T) {
				r := newScriptRoot(t, shell)
				if out, status := r.run(script, "/", "--no-cleanup", "--force"); status != 2 || !strings.Contains(out, "--force") {
					t.Errorf("status %d\n%s", status, out)
				}
				if r.has("usr/sbin/iptables-wrapper") {
					t.Error("it installed all the same")
				}
			})
			t.Run("keeps the files when the install is refused", func(t *testing.T) {
				r := newScriptRoot(t, shell)
				if err := os.Remove(filepath.Join(r.dir, "usr/sbin/xtables-legacy-multi")); err != nil {
					t.Fatal(err)
				}
				out, status := r.run(script, "/")
				if status != 1 || !strings.Contains(out, "apt-get install --reinstall iptables") || !r.has("iptables-wrapper") {
					t.Errorf("status %d\n%s", status, out)
				}
			})
		})
	}
}
