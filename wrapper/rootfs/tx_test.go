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
		// What killed runs left.
		"sbin/" + unfinished + "@":      "leftover",
		"sbin/" + replaced + "0":        "leftover",
		"sbin/" + replaced + "1":        "leftover",
		"lib/" + replaced + "0":         "leftover",
		"lib/.iptables-wrapper.guessed": "",
	})
	names := []string{"/sbin/iptables", "/sbin/old", "/lib/alt/state"}
	before := make(map[string]Info)
	for _, name := range names {
		before[name], _ = root.Lstat(name)
	}
	tx := root.Begin()
	like := Info{Mode: 0o755, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	for _, c := range []Change{
		{Path: "/sbin/iptables", Target: "iptables-wrapper"},
		{Path: "/sbin/new", Target: "iptables-wrapper"},
		{Path: "/sbin/old", Data: []byte("new"), Like: like},
		{Path: "/lib/alt/state", Data: []byte("manual\n"), Like: like, Staging: "/lib"},
		{Path: "/sbin/iptables", Target: "changed again"},
	} {
		if err := tx.Replace(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Replace(Change{Path: "/sbin/dir", Target: "x"}); !errors.Is(err, unix.EISDIR) {
		t.Errorf("a directory in the way: %v, want EISDIR", err)
	}
	assertNames(t, filepath.Join(dir, "lib/alt"), "state")
	if failed := tx.Undo(); failed != nil {
		t.Fatal(failed)
	}
	for _, name := range names {
		after, err := root.Lstat(name)
		was := before[name]
		after.Atim, after.Ctim = was.Atim, was.Ctim // a link and a rename(2) are changes, too
		if err != nil || after != was {
			t.Errorf("%s: %+v, %v; before %+v", name, after, err, was)
		}
	}
	assertNames(t, filepath.Join(dir, "sbin"), "dir", "iptables", "old")
	assertNames(t, filepath.Join(dir, "lib"), ".iptables-wrapper.guessed", "alt")
}

func TestTxCommitLeavesNothing(t *testing.T) {
	root, dir := openTree(t, map[string]string{"sbin/iptables@": "a", "sbin/file": "b"})
	tx := root.Begin()
	like := Info{Mode: 0o755, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	err := errors.Join(
		tx.Replace(Change{Path: "/sbin/iptables", Target: "c"}),
		tx.Replace(Change{Path: "/sbin/file", Data: []byte("d"), Like: like, Staging: "/"}),
		tx.Commit(),
	)
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
	if err := tx.Replace(Change{Path: "/iptables", Target: "iptables-wrapper"}); err != nil {
		t.Fatal(err)
	}
	like := Info{Mode: 0o755, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	if err := tx.Replace(Change{Path: "/iptables-wrapper", Data: make([]byte, 1<<20), Like: like}); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("a megabyte into 64 kilobytes: %v, want ENOSPC", err)
	}
	if failed := tx.Undo(); failed != nil {
		t.Fatal(failed)
	}
	assertNames(t, dir, "iptables")
	if target, _ := root.Readlink("/iptables"); target != "xtables-nft-multi" {
		t.Errorf("link leads to %q", target)
	}
}
