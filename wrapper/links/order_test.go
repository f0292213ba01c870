package links

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// A pin removes files that killed installs and pins left, also beside symlinks in other directories.
func TestPinSweeps(t *testing.T) {
	files := debian()
	for _, dir := range []string{"usr/sbin/", "etc/alternatives/", "var/lib/dpkg/"} {
		files[dir+".iptables-wrapper.new"] = "half a file"
		files[dir+".iptables-wrapper.old.0"] = "what was"
		files[dir+".iptables-wrapper.old.1@"] = "there"
	}
	files["usr/sbin/.iptables-wrapper.lock"] = ""
	dir := files.Build(t, programs)
	root, inst := openFor(dir)
	defer root.Close()
	if err := Pin(inst, mode.Legacy, applet.IP6TablesSave); err != nil {
		t.Fatal(err)
	}
	roots.Assert(t, dir, roots.Find("Debian").Pinned[mode.Legacy])
}

// If an administrator selected a number of libalternatives, the name does not lead to the wrapper. A pin keeps that choice, and
// does not change the wrapper's configuration.
func TestPinRespectsOverrides(t *testing.T) {
	for override, kept := range map[string]bool{"iptables=2": true, " iptables = 1 # by hand": true, "iptables=90": false, "iptables=x": false, "": false} {
		files, want := roots.Find("Tumbleweed").Installed, roots.Find("Tumbleweed").Pinned[mode.NFT]
		files["etc/libalternatives.conf"], want["etc/libalternatives.conf"] = override+"\n", override+"\n"
		dir := files.Build(t, programs)
		root, inst := openFor(dir)
		if err := Pin(inst, mode.NFT, applet.IPTables); err != nil {
			t.Errorf("%q: %v", override, err)
		}
		root.Close()
		if kept {
			want["usr/share/libalternatives/iptables/90.conf"] = files["usr/share/libalternatives/iptables/90.conf"]
		}
		roots.Assert(t, dir, want)
	}
}

// While another process pins or installs, a call does not pin, and does not wait.
func TestPinLeavesItToTheOther(t *testing.T) {
	dir := debian().Build(t, programs)
	other, _ := openFor(dir)
	defer other.Close()
	unlock, err := other.Lock("/usr/sbin")
	if err != nil {
		t.Fatal(err)
	}
	if err := Pin(find(t, openRoot(t, dir), self), mode.NFT, applet.IPTables); err != nil {
		t.Error(err)
	}
	roots.Assert(t, dir, debian().With(roots.Tree{"usr/sbin/.iptables-wrapper.lock": ""}))
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if err := Pin(find(t, openRoot(t, dir), self), mode.NFT, applet.IPTables); err != nil {
		t.Error(err)
	}
	assertRuns(t, dir, "xtables-nft-multi")
}
