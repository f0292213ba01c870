package rootfs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// ReadFile inspects a device, but never opens it: opening can rewind a tape, start a watchdog, or block.
func TestReadFileOpensNoDevice(t *testing.T) {
	needs.Machine(t, "root")
	root, dir := openTree(t, map[string]string{"etc/": ""})
	// No driver has this major number, so open(2) would return ENXIO.
	if err := unix.Mknod(filepath.Join(dir, "etc/device"), unix.S_IFCHR|0o644, int(unix.Mkdev(240, 7))); err != nil {
		t.Fatal(err)
	}
	if _, err := root.ReadFile("/etc/device", 100); !errors.Is(err, errKind) {
		t.Errorf("error %v, want %v", err, errKind)
	}
}

func TestReplaceKeepsOwnerAndMode(t *testing.T) {
	needs.Machine(t, "root")
	root, dir := openTree(t, map[string]string{"lib/alt/state": "auto\n"})
	path := filepath.Join(dir, "lib/alt/state")
	if err := errors.Join(os.Chown(path, 12, 34), unix.Chmod(path, 0o4640)); err != nil {
		t.Fatal(err)
	}
	old, err := root.Lstat("/lib/alt/state")
	if err != nil {
		t.Fatal(err)
	}
	if err := root.replace(Change{Path: "/lib/alt/state", Data: []byte("manual\n"), Like: old, Staging: "/lib"}); err != nil {
		t.Fatal(err)
	}
	info, err := root.Lstat("/lib/alt/state")
	if err != nil || info.Uid != 12 || info.Gid != 34 || info.Perm() != 0o4640 || info.Size != 7 {
		t.Errorf("after: %+v, %v", info, err)
	}
	assertNames(t, filepath.Join(dir, "lib"), "alt")
	assertNames(t, filepath.Join(dir, "lib/alt"), "state")
}

// On a full file system the new file does not fit. The earlier changes are undone without additional space.
func TestUndoOnFullFileSystem(t *testing.T) {
	needs.Machine(t, "root")
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	if err := os.Symlink("xtables-nft-multi", filepath.Join(dir, "iptables")); err != nil {
		t.Fatal(err)
	}
	root, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	plan := root.Plan()
	like := Info{Mode: 0o755, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	err = errors.Join(
		plan.Add(Change{Path: "/iptables", Target: "iptables-wrapper"}),
		plan.Add(Change{Path: "/iptables-wrapper", Data: make([]byte, 1<<20), Like: like}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(true); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("a megabyte into 64 kilobytes: %v, want ENOSPC", err)
	}
	if failed := plan.Undo(); failed != nil {
		t.Fatal(failed)
	}
	assertNames(t, dir, "iptables")
	if target, _ := root.Readlink("/iptables"); target != "xtables-nft-multi" {
		t.Errorf("link leads to %q", target)
	}
}

// A user who may only read the directory cannot take a lock for which an install or a pin would wait.
func TestLockOfADirectoryDoesNotBlock(t *testing.T) {
	needs.Machine(t, "root")
	root, dir := openTree(t, map[string]string{"sbin/": ""})
	fd, err := unix.Open(filepath.Join(dir, "sbin"), unix.O_RDONLY, 0)
	if err == nil {
		err = unix.Flock(fd, unix.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	unlock, err := root.Lock("/sbin")
	if err != nil {
		t.Fatal(err)
	}
	info, err := root.Lstat("/sbin/" + locked)
	if err != nil || info.Mode != unix.S_IFREG|0o600 || info.Uid != 0 {
		t.Errorf("every user can open the lock: %o %d, %v", info.Mode, info.Uid, err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	assertNames(t, filepath.Join(dir, "sbin"))
}
