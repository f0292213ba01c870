package installer

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// Each directory that the install writes to is made immutable in turn: whatever step fails, the root is as it was.
func TestFailureAtEachStepLeavesTheRoot(t *testing.T) {
	needs.Machine(t, "root")
	programs := roots.Programs(t)
	for _, blocked := range []string{"usr/sbin", "etc/alternatives", "var/lib/dpkg", "var/lib/dpkg/alternatives"} {
		t.Run(blocked, func(t *testing.T) {
			dir := debian().Build(t, programs)
			// A leader link that has to be renewed makes the last step one in /usr/sbin.
			before := snapshot(t, dir)
			block(t, filepath.Join(dir, blocked))
			_, err := install(t, dir)
			if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("error %v", err)
			}
			assertUnchanged(t, dir, before)
		})
	}
}

// An install that fails leaves the mark of a guess.
func TestFailureKeepsTheGuess(t *testing.T) {
	needs.Machine(t, "root")
	dir := roots.Find("Alpine 3.20").Before.With(marked()).Build(t, roots.Programs(t))
	before := snapshot(t, dir)
	block(t, filepath.Join(dir, "sbin"))
	if _, err := install(t, dir); err == nil {
		t.Error("installed into a directory that cannot be written")
	}
	assertUnchanged(t, dir, before)
}

// block makes a directory immutable, which holds against root, too (chattr +i).
func block(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	const immutable = 0x10 // FS_IMMUTABLE_FL, linux/fs.h
	if err := unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, immutable); err != nil {
		t.Fatalf("make a directory immutable: %v", err)
	}
	t.Cleanup(func() { _ = unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0) })
}
