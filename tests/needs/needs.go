// Package needs declares what a test needs that is not available on every machine or with every way to run tests.
//
// Bazel knows in advance what the machine has (machine.bzl), and builds the test's inputs. So if something is missing
// under Bazel, the test fails: a test that could not run must not pass, because other machines would take that pass
// from a cache. The go command does not know it in advance, and caches results only on this machine, so there the test
// is skipped with the reason. No other code may skip a test (tools/lint checks this).
package needs

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Machine ends the test if the machine lacks one of the names, which are those in target_compatible_with of the test's
// target.
func Machine(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if !has(name) {
			lack(t, "needs "+name+", which is not here", `name "@machine//:`+name+`" in its target_compatible_with`)
		}
	}
}

func has(name string) bool {
	switch name {
	case "apt_solver_3":
		out, err := exec.Command("apt-config", "dump", "APT::Solver").Output()
		return err == nil && strings.Contains(string(out), "3.0")
	case "git_history":
		dir, err := checkout()
		if err != nil {
			return false
		}
		if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
			return false
		}
		shallow, err := exec.Command("git", "-c", "safe.directory=*", "-C", dir, "rev-parse", "--is-shallow-repository").Output()
		return err == nil && string(shallow) == "false\n"
	case "kernel_without_modules":
		_, err := os.Stat("/proc/modules")
		return err != nil
	case "new_privileges":
		status, err := os.ReadFile("/proc/self/status")
		return err == nil && strings.Contains(string(status), "NoNewPrivs:\t0")
	case "little_endian":
		return binary.NativeEndian.Uint16([]byte{1, 0}) == 1
	case "qemu-aarch64-static":
		return static(name) != ""
	case "root":
		return os.Getuid() == 0
	case "user_binfmt_misc":
		return exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
			"mount -t binfmt_misc binfmt_misc /tmp || busybox mount -t binfmt_misc binfmt_misc /tmp").Run() == nil
	}
	_, err := exec.LookPath(name)
	return err == nil
}

// Variable returns an environment variable with the path of a file that Bazel has built for the test. Without Bazel,
// users can set it.
func Variable(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		lack(t, variable+" is not set, as ./bazelw test does", "set it in its env")
	}
	return value
}

// lack skips the test with the reason. Under Bazel it fails the test with the reason and the remedy, because there the target
// itself must declare its needs.
func lack(t testing.TB, reason, remedy string) {
	t.Helper()
	if target := os.Getenv("TEST_TARGET"); target != "" {
		t.Fatalf("%s: %s: %s", target, reason, remedy)
	}
	t.Skip(reason)
}
