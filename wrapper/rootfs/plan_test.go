package rootfs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestUndoRestoresTheVeryObjects(t *testing.T) {
	root, dir := openTree(t, map[string]string{
		"sbin/iptables@": "xtables-nft-multi",
		"sbin/old":       "old content",
		"lib/alt/state":  "auto\n",
		"sbin/dir/":      "",
		// Left by killed processes.
		"sbin/" + unfinished + "@": "leftover",
		"sbin/" + replaced + "0":   "leftover",
		"sbin/" + replaced + "1":   "leftover",
		"lib/" + replaced + "0":    "leftover",
		"lib/" + marker:            "",
	})
	names := []string{"/sbin/iptables", "/sbin/old", "/lib/alt/state"}
	before := make(map[string]Info)
	for _, name := range names {
		before[name], _ = root.Lstat(name)
	}
	plan := root.Plan()
	like := Info{Mode: 0o755, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	for _, c := range []Change{
		{Path: "/sbin/iptables", Target: "iptables-wrapper"},
		{Path: "/sbin/new", Target: "iptables-wrapper"},
		{Path: "/sbin/old", Data: []byte("new"), Like: like},
		{Path: "/lib/alt/state", Data: []byte("manual\n"), Like: like, Staging: "/lib"},
		{Path: "/sbin/iptables", Target: "the first change counts"},
		{Path: "/sbin/later/iptables", Target: "no such directory"},
	} {
		if err := plan.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := plan.Add(Change{Path: "/sbin/dir", Target: "x"}); !errors.Is(err, unix.EISDIR) {
		t.Errorf("a directory in the way: %v, want EISDIR", err)
	}
	if err := plan.Apply(true); !errors.Is(err, unix.ENOENT) {
		t.Errorf("the last change: %v, want ENOENT", err)
	}
	if target, _ := root.Readlink("/sbin/iptables"); target != "iptables-wrapper" {
		t.Errorf("target is %q", target)
	}
	assertNames(t, filepath.Join(dir, "lib/alt"), "state")
	if failed := plan.Undo(); failed != nil {
		t.Fatal(failed)
	}
	for _, name := range names {
		after, err := root.Lstat(name)
		was := before[name]
		after.Atim, after.Ctim = was.Atim, was.Ctim // link(2) and rename(2) change the inode, too
		if err != nil || after != was {
			t.Errorf("%s: %+v, %v; before %+v", name, after, err, was)
		}
	}
	assertNames(t, filepath.Join(dir, "sbin"), "dir", "iptables", "old")
	assertNames(t, filepath.Join(dir, "lib"), "alt")
}

func TestCommitLeavesNothing(t *testing.T) {
	root, dir := openTree(t, map[string]string{"sbin/iptables@": "a", "sbin/file": "b"})
	plan := root.Plan()
	like := Info{Mode: 0o755, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	err := errors.Join(
		plan.Add(Change{Path: "/sbin/iptables", Target: "c"}),
		plan.Add(Change{Path: "/sbin/file", Data: []byte("d"), Like: like, Staging: "/"}),
		plan.Apply(true),
		plan.Commit(),
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

func TestCommitFails(t *testing.T) {
	root, dir := openTree(t, map[string]string{"sbin/iptables@": "a"})
	plan := root.Plan()
	old := filepath.Join(dir, "sbin", replaced+"0")
	err := errors.Join(
		plan.Add(Change{Path: "/sbin/iptables", Target: "c"}),
		plan.Apply(true),
		os.Remove(old),
		os.MkdirAll(filepath.Join(old, "file"), 0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Commit(); !errors.Is(err, unix.ENOTEMPTY) {
		t.Errorf("Commit: %v, want ENOTEMPTY", err)
	}
	assertNames(t, filepath.Join(dir, "sbin"), replaced+"0", "iptables")
}
