package rootfs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTxUndoRestoresTheVeryObjects(t *testing.T) {
	root, dir := openTree(t, map[string]string{
		"sbin/iptables@": "xtables-nft-multi",
		"sbin/old":       "old content",
		"lib/alt/state":  "auto\n",
		"sbin/dir/":      "",
		// What a killed run left.
		"sbin/.iptables-wrapper-new.iptables@": "leftover",
		"sbin/.iptables-wrapper-old.old":       "leftover",
	})
	names := []string{"/sbin/iptables", "/sbin/old", "/lib/alt/state"}
	before := make(map[string]Info)
	for _, name := range names {
		before[name], _ = root.Lstat(name)
	}
	tx := root.Begin()
	like := Info{Mode: 0o755, UID: os.Getuid(), GID: os.Getgid()}
	err := errors.Join(
		tx.Link("/sbin/iptables", "iptables-wrapper"),
		tx.Link("/sbin/new", "iptables-wrapper"),
		tx.File("/sbin/old", []byte("new"), like, ""),
		tx.File("/lib/alt/state", []byte("manual\n"), like, "/lib"),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Link("/sbin/iptables", "changed again"); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a second change of one name: %v, want EEXIST", err)
	}
	if err := tx.Link("/sbin/dir", "x"); !errors.Is(err, unix.EISDIR) {
		t.Errorf("a directory in the way: %v, want EISDIR", err)
	}
	assertNames(t, filepath.Join(dir, "lib/alt"), "state")
	if err := tx.Undo(); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		after, err := root.Lstat(name)
		if err != nil || after != before[name] {
			t.Errorf("%s: %+v, %v; before %+v", name, after, err, before[name])
		}
	}
	assertNames(t, filepath.Join(dir, "sbin"), "dir", "iptables", "old")
	assertNames(t, filepath.Join(dir, "lib"), "alt")
}

func TestTxCommitLeavesNothing(t *testing.T) {
	root, dir := openTree(t, map[string]string{"sbin/iptables@": "a", "sbin/file": "b"})
	tx := root.Begin()
	like := Info{Mode: 0o755, UID: os.Getuid(), GID: os.Getgid()}
	err := errors.Join(tx.Link("/sbin/iptables", "c"), tx.File("/sbin/file", []byte("d"), like, "/"), tx.Commit())
	if err != nil {
		t.Fatal(err)
	}
	assertNames(t, filepath.Join(dir, "sbin"), "file", "iptables")
	assertNames(t, dir, "sbin")
	if info, _ := root.Lstat("/sbin/file"); info.Perm() != 0o755 || info.Size != 1 {
		t.Errorf("file is %+v", info)
	}
}

// A full file system: the new file does not fit, and what was done before it is taken back without needing room.
func TestTxUndoOnFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount a small tmpfs: %v", err)
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
	tx := root.Begin()
	if err := tx.Link("/iptables", "iptables-wrapper"); err != nil {
		t.Fatal(err)
	}
	like := Info{Mode: 0o755, UID: os.Getuid(), GID: os.Getgid()}
	if err := tx.File("/iptables-wrapper", make([]byte, 1<<20), like, ""); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("a megabyte into 64 kilobytes: %v, want ENOSPC", err)
	}
	if err := tx.Undo(); err != nil {
		t.Fatal(err)
	}
	assertNames(t, dir, "iptables")
	if target, _ := root.Readlink("/iptables"); target != "xtables-nft-multi" {
		t.Errorf("link leads to %q", target)
	}
}
