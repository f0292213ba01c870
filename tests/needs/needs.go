// Package needs says what a test needs that not every machine and not every way of running it has.
//
// Bazel knows beforehand what the machine has (machine.bzl) and builds what a test is given. Under Bazel a lack is therefore
// a failure: a test that could not run must not pass, least of all for the next machine that finds the pass in a cache. The
// go command was told nothing, and what it keeps of a test it keeps on this machine: there the test is skipped, with the
// reason. No other code skips a test (tools/lint holds that).
package needs

import (
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Machine ends the test where the machine lacks one of what is named as in target_compatible_with of the test's target.
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

// Variable returns an environment variable that leads to what Bazel has built for the test. Without Bazel people can set it, too.
func Variable(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		lack(t, variable+" is not set, as ./bazelw test does", "set it in its env")
	}
	return value
}

// lack ends the test for a reason: under Bazel with what to do about it.
func lack(t testing.TB, reason, remedy string) {
	t.Helper()
	if target := os.Getenv("TEST_TARGET"); target != "" {
		t.Fatalf("%s: %s: %s", target, reason, remedy)
	}
	t.Skip(reason)
}
