package links

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func TestPinEveryLayout(t *testing.T) {
	for _, l := range roots.Layouts() {
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			if l.Pinned[m] != nil { // TestPinsAllOrNothing tests the others
				t.Run(l.Name+" "+m.String(), func(t *testing.T) { assertPin(t, l.Installed, l.Wrapper, m, l.Pinned[m]) })
			}
		}
	}
}

// The target of a symlink keeps its spelling.
func TestPinKeepsSpelling(t *testing.T) {
	for _, dir := range []string{"", "/usr/sbin/", "../sbin/"} {
		want := plain(dir + "xtables-legacy-multi")
		t.Run(dir, func(t *testing.T) { assertPin(t, plain(dir+"iptables-wrapper"), self, mode.Legacy, want) })
	}
}

// assertPin pins twice. The second pin changes nothing.
func assertPin(t *testing.T, installed roots.Tree, wrapper string, m mode.Mode, want roots.Tree) {
	t.Helper()
	dir := installed.Build(t, programs)
	for range 2 {
		root := openRoot(t, dir)
		inst, err := xtables.Find(root, wrapper)
		if err != nil {
			t.Fatal(err)
		}
		if err := Pin(inst, m, applet.IPTables); err != nil {
			t.Fatal(err)
		}
		roots.Assert(t, dir, want)
	}
}

// A name that does not lead to the wrapper does not change: one that is pinned, replaced by a file, or missing.
func TestPinLeavesOthersAlone(t *testing.T) {
	files := plain("iptables-wrapper")
	files["usr/sbin/iptables-save@"] = "xtables-legacy-multi"
	files["usr/sbin/ip6tables@"] = "/nowhere"
	delete(files, "usr/sbin/ip6tables-save@")
	files["usr/sbin/ip6tables-restore"] = "#!/bin/sh\n"
	delete(files, "usr/sbin/ip6tables-restore@")
	dir := files.Build(t, programs)
	root, inst := openFor(dir)
	defer root.Close()
	if err := Pin(inst, mode.NFT, applet.IPTables); err != nil {
		t.Fatal(err)
	}
	files["usr/sbin/iptables@"] = "xtables-nft-multi"
	files["usr/sbin/iptables-restore@"] = "xtables-nft-multi"
	roots.Assert(t, dir, files)
}

// If a database is malformed or has no entry for the mode, its symlinks do not change, and no others do: a pin applies to all
// six names or to none. CanPin returns the reason. Neither changes a file, including the lock.
func TestPinsAllOrNothing(t *testing.T) {
	const state = "var/lib/dpkg/alternatives/iptables"
	for name, row := range map[string]struct {
		spoil func(roots.Tree)
		want  string
	}{
		"damaged": {func(files roots.Tree) { files[state] = "auto\n/usr/sbin/iptables\n" }, "/" + state + ": line 3: unexpected end of file"},
		"mode not registered": {func(files roots.Tree) { files[state] = onlyWrapper() },
			"/" + state + ": no alternative for mode nft in /usr/sbin"},
		"follower not registered": {func(files roots.Tree) {
			files[state] = strings.Replace(files[state], "/usr/sbin/iptables-nft-restore\n", "\n", 1)
		}, "/" + state + ": no alternative for mode nft in /usr/sbin"},
		"registered, not there": {func(files roots.Tree) { delete(files, "usr/sbin/iptables-nft-save@") }, "/usr/sbin/iptables-nft-save: no such file"},
		"state file is a symlink": {func(files roots.Tree) {
			files["srv/state"], files[state+"@"] = files[state], "/srv/state"
			delete(files, state)
		}, "read attributes of /" + state + ": not a regular file"},
		"binary not executable": {func(files roots.Tree) { files["usr/sbin/iptables-nft@"] = "/etc/text"; files["etc/text"] = "x" },
			"/usr/sbin/iptables-nft: not an executable file"},
	} {
		t.Run(name, func(t *testing.T) {
			files := debian()
			row.spoil(files)
			dir := files.Build(t, programs)
			root, inst := openFor(dir)
			defer root.Close()
			sbin, _ := os.Stat(filepath.Join(dir, "usr/sbin"))
			for _, err := range []error{CanPin(inst, mode.NFT), Pin(inst, mode.NFT, applet.IP6Tables)} {
				if err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("error %v, want %q in it", err, row.want)
				}
			}
			if now, _ := os.Stat(filepath.Join(dir, "usr/sbin")); now.ModTime() != sbin.ModTime() {
				t.Error("something was written")
			}
			roots.Assert(t, dir, files)
		})
	}
}

// If a configuration of libalternatives selects a missing binary or is a symlink, all six commands still lead to the wrapper.
func TestPinRefusesAConfiguration(t *testing.T) {
	const conf = "usr/share/libalternatives/ip6tables/90.conf"
	installed := roots.Find("Tumbleweed").Installed
	gone := strings.Replace(installed[conf], "iptables-wrapper", "gone", 1)
	for want, files := range map[string]roots.Tree{
		"/usr/sbin/gone: no such file":                         installed.With(roots.Tree{conf: gone}),
		"read attributes of /" + conf + ": not a regular file": installed.Without(conf).With(roots.Tree{conf + "@": "/srv/conf", "srv/conf": installed[conf]}),
	} {
		dir := build(t, files)
		root, inst := openFor(dir)
		defer root.Close()
		for _, err := range []error{CanPin(inst, mode.NFT), Pin(inst, mode.NFT, applet.IPTables)} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
		}
		roots.Assert(t, dir, files)
	}
}

// An alternative of the same name in another directory belongs to another iptables. In /usr/local/sbin it even comes first.
func TestPinPassesOverAnAlternativeElsewhere(t *testing.T) {
	const state = "var/lib/dpkg/alternatives/iptables"
	l := roots.Find("Debian")
	add := func(files roots.Tree) roots.Tree {
		more := strings.Replace(files[state], "\n\n", "\n\n/usr/local/sbin/iptables-nft\n50\n\n\n", 1)
		return files.With(roots.Tree{state: more, "usr/local/sbin/iptables-nft": roots.NFT})
	}
	assertPin(t, add(l.Installed), self, mode.NFT, add(l.Pinned[mode.NFT]))
}

// If the directory of alternatives is a symlink, the database is written nevertheless.
func TestPinThroughALinkedDirectoryOfAlternatives(t *testing.T) {
	l := roots.Find("Debian")
	move := func(files roots.Tree) roots.Tree {
		moved := roots.Tree{"etc/alternatives@": "../data/alternatives"}
		for name, content := range files {
			moved[strings.Replace(name, "etc/alternatives/", "data/alternatives/", 1)] = content
		}
		return moved
	}
	assertPin(t, move(l.Installed), self, mode.NFT, move(l.Pinned[mode.NFT]))
}

func onlyWrapper() string {
	state := roots.State("debian-iptables-wrapper.dpkg")
	header, _, _ := strings.Cut(state, "/usr/sbin/iptables-legacy\n")
	_, wrapper, _ := strings.Cut(state, "-nft-save\n")
	return header + wrapper
}
