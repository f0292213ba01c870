package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLinksStayInside(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("host"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, _ := openTree(t, map[string]string{
		"secret":        "inside",
		"absolute@":     filepath.Join(outside, "secret"),
		"up@":           "../../../../../../../../../secret",
		"usr/sbin@":     "/../../../..",
		"proc/self/fd/": "",
		"magic@":        "/proc/self/root/" + outside + "/secret",
	})
	if _, err := root.ReadFile("/absolute", 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absolute link: error %v, want ErrNotExist", err)
	}
	if _, err := root.ReadFile("/magic", 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("link through /proc/self/root: error %v, want ErrNotExist", err)
	}
	for _, name := range []string{"/up", "/usr/sbin/secret", "/../../secret"} {
		file, err := root.ReadFile(name, 100)
		if err != nil || string(file.Data) != "inside" || filepath.Base(file.Path) != filepath.Base(name) {
			t.Errorf("ReadFile(%s) = %q of %s, %v; want the root's own file", name, file.Data, file.Path, err)
		}
		if resolved, err := root.Resolve(name); err != nil || resolved != "/secret" {
			t.Errorf("Resolve(%s) = %q, %v; want /secret", name, resolved, err)
		}
	}
	// Writing through a symlink that would lead outside.
	if err := root.replace(Change{Path: "/usr/sbin/new", Target: "secret"}); err != nil {
		t.Fatal(err)
	}
	if target, err := root.Readlink("/new"); err != nil || target != "secret" {
		t.Errorf("Readlink(/new) = %q, %v; want the link written inside the root", target, err)
	}
}

func TestFollow(t *testing.T) {
	root, _ := openTree(t, map[string]string{
		"usr/bin/iptables-nft":       "x",
		"usr/sbin@":                  "bin",
		"sbin@":                      "usr/sbin",
		"usr/bin/iptables@":          "/etc/alternatives/iptables",
		"etc/alternatives/iptables@": "/usr/sbin/iptables-nft",
		"usr/bin/loop@":              "loop",
		"usr/bin/dangling@":          "../nowhere/x",
		"usr/bin/gone@":              "missing",
		"usr/bin/through@":           "../../sbin/../sbin/iptables-nft",
	})
	for _, row := range []struct {
		name, last, end string
		err             error
	}{
		{"/sbin/iptables", "/etc/alternatives/iptables", "/usr/bin/iptables-nft", nil},
		{"/usr/sbin/iptables-nft", "", "/usr/bin/iptables-nft", nil},
		{"/usr/sbin/through", "/usr/bin/through", "/usr/bin/iptables-nft", nil},
		{"/usr/sbin/gone", "/usr/bin/gone", "/usr/bin/missing", fs.ErrNotExist},
		{"/usr/sbin/dangling", "/usr/bin/dangling", "", fs.ErrNotExist},
		{"/usr/sbin/loop", "/usr/bin/loop", "/usr/bin/loop", unix.ELOOP},
	} {
		last, end, err := root.Follow(row.name, nil)
		if last != row.last || end != row.end || !errors.Is(err, row.err) {
			t.Errorf("Follow(%s) = %q, %q, %v; want %q, %q, %v", row.name, last, end, err, row.last, row.end, row.err)
		}
	}
}

func TestReadFileRefuses(t *testing.T) {
	root, dir := openTree(t, map[string]string{"big": "12345", "dir/": ""})
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"/big": unix.EFBIG, "/dir": errKind, "/fifo": errKind, "/no": fs.ErrNotExist} {
		if _, err := root.ReadFile(name, 4); !errors.Is(err, want) {
			t.Errorf("ReadFile(%s): error %v, want %v", name, err, want)
		}
	}
	if file, err := root.ReadFile("/big", 5); err != nil || string(file.Data) != "12345" {
		t.Errorf("ReadFile at its limit = %q, %v", file.Data, err)
	}
}

func TestReplace(t *testing.T) {
	root, dir := openTree(t, map[string]string{
		"sbin/iptables@":          "iptables-wrapper",
		"sbin/directory/any":      "x",
		"sbin/" + unfinished:      "what a killed one wrote",
		"sbin/" + replaced + "0@": "what a killed install",
		"sbin/" + replaced + "1":  "has kept",
		"sbin/" + marker:          "",
	})
	if err := root.replace(Change{Path: "/sbin/iptables", Target: "xtables-nft-multi"}); err != nil {
		t.Error(err)
	}
	if err := root.replace(Change{Path: "/sbin/directory", Target: "x"}); err == nil {
		t.Error("a directory was replaced")
	}
	assertNames(t, filepath.Join(dir, "sbin"), "directory", "iptables")
	if target, _ := root.Readlink("/sbin/iptables"); target != "xtables-nft-multi" {
		t.Errorf("target is %q", target)
	}
}

// The maximum number of symlinks that the kernel follows, one more, and a loop.
func TestManySymlinks(t *testing.T) {
	tree := map[string]string{"end": "x", "loop@": "loop"}
	name := "end"
	for i := range 41 {
		next := "link" + strconv.Itoa(i)
		tree[next+"@"], name = name, next
	}
	root, dir := openTree(t, tree)
	for name, want := range map[string]error{"/link39": nil, "/link40": unix.ELOOP, "/loop": unix.ELOOP} {
		if _, err := os.Stat(dir + name); !errors.Is(err, want) {
			t.Fatalf("the kernel says of %s: %v", name, err)
		}
		if _, _, err := root.Follow(name, nil); !errors.Is(err, want) {
			t.Errorf("Follow(%s): %v, want %v", name, err, want)
		}
		if _, err := root.Stat(name); !errors.Is(err, want) {
			t.Errorf("Stat(%s): %v, want %v", name, err, want)
		}
	}
}

// A process that was killed while it removed files from the highest number on left the lowest ones. If a sweep in ascending
// order were killed, no later sweep would find the remaining files.
func TestSweepsFromTheHighestNumber(t *testing.T) {
	root, dir := openTree(t, map[string]string{"sbin/" + replaced + "0/x": "cannot be removed", "sbin/" + replaced + "1": "", "sbin/" + replaced + "2": ""})
	if err := root.Sweep("/sbin"); err == nil {
		t.Error("a directory with a file was removed")
	}
	assertNames(t, filepath.Join(dir, "sbin"), replaced+"0")
}
