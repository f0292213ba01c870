package links

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// If one name cannot be repointed, the others still lead to the wrapper. The next call that can repoint it repoints all.
func TestPinWaitsForAllNames(t *testing.T) {
	needs.Machine(t, "root")
	for _, called := range applet.All() {
		t.Run(called.String(), func(t *testing.T) {
			files := debian().Without("var/lib/dpkg/alternatives/iptables", "var/lib/dpkg/alternatives/ip6tables") // six symlinks in two directories, no database
			other := applet.IP6Tables
			if called == other {
				other = applet.IPTablesSave
			}
			files["etc/alternatives/"+other.String()+"@"] = "/srv/elsewhere/" + other.String()
			files["srv/elsewhere/"+other.String()+"@"] = self
			dir := files.Build(t, programs)
			root, inst := openFor(dir)
			defer root.Close()
			elsewhere := filepath.Join(dir, "srv/elsewhere")
			if err := immutable(elsewhere, true); err != nil {
				t.Fatalf("make a directory immutable: %v", err)
			}
			t.Cleanup(func() { _ = immutable(elsewhere, false) })
			if err := Pin(inst, mode.NFT, called); err == nil {
				t.Error("one name could not be repointed, and no error")
			}
			roots.Assert(t, dir, files)

			if err := immutable(elsewhere, false); err != nil {
				t.Fatal(err)
			}
			if err := Pin(inst, mode.NFT, called); err != nil {
				t.Fatal(err)
			}
			want := files.With(roots.Names("etc/alternatives", roots.To("/usr/sbin/xtables-nft-multi")))
			want["etc/alternatives/"+other.String()+"@"] = files["etc/alternatives/"+other.String()+"@"]
			want["srv/elsewhere/"+other.String()+"@"] = "/usr/sbin/xtables-nft-multi"
			roots.Assert(t, dir, want)
		})
	}
}

// immutable sets or clears the immutable flag of a directory, which applies to root, too (chattr +i).
func immutable(dir string, is bool) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	flags := 0
	if is {
		flags = 0x10 // FS_IMMUTABLE_FL, linux/fs.h
	}
	return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, flags)
}

// CanPin returns an error on a read-only file system.
func TestCanPinOnAReadOnlyFileSystem(t *testing.T) {
	needs.Machine(t, "root")
	dir := debian().Build(t, programs)
	root, inst := openFor(dir)
	defer root.Close()
	if err := CanPin(inst, mode.NFT); err != nil {
		t.Errorf("writable: %v", err)
	}
	if err := immutable(filepath.Join(dir, "etc/alternatives"), true); err != nil {
		t.Fatalf("make a directory immutable: %v", err)
	}
	t.Cleanup(func() { _ = immutable(filepath.Join(dir, "etc/alternatives"), false) })
	if err := CanPin(inst, mode.NFT); err == nil || err.Error() != "write in /etc/alternatives: permission denied" {
		t.Errorf("error %v", err)
	}
	roots.Assert(t, dir, debian())
}
