// Package roots provides root file systems for tests: real Debian roots, and roots that are described as text (Tree).
package roots

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// Debians returns the archives of real Debian root file systems, one for each release, with dpkg and a registered
// iptables package. DEBIAN_ROOTS names them, separated by ':' (debian_roots_env in wrapper/installer).
func Debians(t testing.TB) []string {
	t.Helper()
	return strings.Split(needs.Variable(t, "DEBIAN_ROOTS"), ":")
}

// Unpack unpacks an archive into a temporary directory, without files that no test reads. With patterns (of GNU tar),
// it unpacks only matching files.
func Unpack(t testing.TB, archive string, patterns ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	args := []string{"-xpf", archive, "-C", dir, "--wildcards"}
	for _, needless := range []string{"dev", "usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache", "var/lib/apt"} {
		args = append(args, "--exclude="+needless+"/*", "--exclude=./"+needless+"/*")
	}
	args = append(args, patterns...)
	if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
		t.Fatalf("tar %q: %v\n%s", args, err, out)
	}
	return dir
}

// In runs a command inside a root and returns its output. It needs root privileges.
func In(t testing.TB, dir string, argv ...string) string {
	t.Helper()
	command := exec.Command("/usr/bin/env", argv...)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	command.Dir = "/"
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// Query returns the fields of update-alternatives --query for a group: Status, Best, Value.
func Query(t testing.TB, dir, group string) map[string]string {
	t.Helper()
	answer := map[string]string{}
	header, _, _ := strings.Cut(In(t, dir, "update-alternatives", "--query", group), "\n\n")
	for line := range strings.Lines(header) {
		if key, value, found := strings.Cut(line, ": "); found {
			answer[key] = strings.TrimSpace(value)
		}
	}
	return answer
}

// Programs returns Debian's binaries of both modes, for Tree.Build.
func Programs(t testing.TB) map[string]string {
	t.Helper()
	dir := Unpack(t, Debians(t)[0], "*usr/sbin/xtables-*-multi")
	return map[string]string{
		NFT:    filepath.Join(dir, "usr/sbin/xtables-nft-multi"),
		Legacy: filepath.Join(dir, "usr/sbin/xtables-legacy-multi"),
	}
}
