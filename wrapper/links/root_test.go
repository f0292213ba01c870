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

// The called name stays with the wrapper until everything else is done, so that its next call finishes what could not be done.
func TestPinIsCompletedByTheNextCall(t *testing.T) {
	needs.Machine(t, "root")
	for _, called := range applet.All() {
		t.Run(called.String(), func(t *testing.T) {
			files := debian().Without("var/lib/dpkg/alternatives/iptables", "var/lib/dpkg/alternatives/ip6tables") // six links in two directories, no database
			other := applet.IP6Tables
			if called == other {
				other = applet.IPTablesSave
			}
			files["usr/sbin/"+other.String()+"@"] = "/srv/elsewhere/" + other.String()
			files["srv/elsewhere/"+other.String()+"@"] = self
			dir := files.Build(t, programs)
			root := openRoot(t, dir)
			_, inst := openFor(dir)
			elsewhere := filepath.Join(dir, "srv/elsewhere")
			if err := immutable(elsewhere, true); err != nil {
				t.Fatalf("make a directory immutable: %v", err)
			}
			t.Cleanup(func() { _ = immutable(elsewhere, false) })
			if err := Pin(root, self, inst, mode.NFT, called); err == nil {
				t.Error("one name could not be repointed, and no error")
			}
			want := files
			for _, a := range applet.All() {
				if a != called && a != other {
					want["etc/alternatives/"+a.String()+"@"] = "/usr/sbin/xtables-nft-multi"
				}
			}
			roots.Assert(t, dir, want)

			if err := immutable(elsewhere, false); err != nil {
				t.Fatal(err)
			}
			if err := Pin(openRoot(t, dir), self, inst, mode.NFT, called); err != nil {
				t.Fatal(err)
			}
			want["srv/elsewhere/"+other.String()+"@"] = "/usr/sbin/xtables-nft-multi"
			want["etc/alternatives/"+called.String()+"@"] = "/usr/sbin/xtables-nft-multi"
			roots.Assert(t, dir, want)
		})
	}
}

// immutable makes a directory one that even root cannot write to (chattr +i), or one that it can.
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
