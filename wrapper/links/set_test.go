package links

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// In every layout, Set pins an installation that decides or is pinned to either mode. The result is the same as that of Pin.
func TestSetEveryLayout(t *testing.T) {
	modes := []mode.Mode{mode.NFT, mode.Legacy}
	for _, l := range roots.Layouts() {
		for _, m := range modes {
			if l.Pinned[m] == nil {
				continue
			}
			for from, tree := range map[string]roots.Tree{"wrapper": l.Installed, m.Other().String(): l.Pinned[m.Other()]} {
				if tree == nil {
					continue
				}
				t.Run(l.Name+" from "+from+" to "+m.String(), func(t *testing.T) {
					dir := build(t, tree)
					before := from
					if from != "wrapper" {
						before = "pinned to " + from
					}
					assertStatus(t, dir, l.Wrapper, before)
					root := openRoot(t, dir)
					if err := Set(find(t, root, l.Wrapper), m); err != nil {
						t.Fatal(err)
					}
					roots.Assert(t, dir, l.Pinned[m])
					assertStatus(t, dir, l.Wrapper, "pinned to "+m.String())
					again, err := plan(find(t, root, l.Wrapper), m, applet.IPTables, true)
					if err != nil || len(again.Changes) > 0 {
						t.Errorf("set again: %+v, %v", again, err)
					}
				})
			}
		}
	}
}

// build builds a tree in which libalternatives' program can be executed.
func build(t *testing.T, files roots.Tree) (dir string) {
	t.Helper()
	dir = files.Build(t, programs)
	if err := os.Chmod(filepath.Join(dir, "usr/bin/alts"), 0o755); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return dir
}

func find(t *testing.T, root *rootfs.Root, wrapper string) *xtables.Installation {
	t.Helper()
	inst, err := xtables.Find(root, wrapper)
	if err != nil {
		t.Fatal(err)
	}
	return inst
}

func assertStatus(t *testing.T, dir, wrapper, want string) {
	t.Helper()
	root := openRoot(t, dir)
	s := Look(find(t, root, wrapper))
	if got := s.String(); got != want {
		t.Errorf("status %q, want %q", got, want)
	}
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		if got, want := s.PinnedTo(m), want == "pinned to "+m.String(); got != want {
			t.Errorf("pinned to %s: %v, want %v", m, got, want)
		}
	}
}

// Set does not change names that lead elsewhere: a program of another package, a dangling symlink, another installation's
// binary.
func TestSetLeavesOthersAlone(t *testing.T) {
	files := roots.Find("Alpine 3.22").Pinned[mode.Legacy].With(roots.Tree{
		"usr/sbin/iptables-save@":     "/srv/xtables-legacy-multi",
		"srv/xtables-legacy-multi":    roots.Legacy,
		"usr/sbin/ip6tables@":         "/nowhere",
		"usr/sbin/ip6tables-restore@": "/usr/bin/other",
		"usr/bin/other":               roots.NFT,
	})
	dir := files.Build(t, programs)
	root := openRoot(t, dir)
	inst := find(t, root, self)
	if err := Set(inst, mode.NFT); err == nil || err.Error() != "iptables-save does not lead to this installation" {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"iptables", "iptables-restore", "ip6tables-save"} {
		files["usr/sbin/"+name+"@"] = "xtables-nft-multi"
	}
	roots.Assert(t, dir, files)
	want := Status{"pinned to nft", "elsewhere", "pinned to nft", "missing", "pinned to nft", "elsewhere"}
	if got := Look(inst); got != want || got.String() != "mixed" || got.PinnedTo(mode.Legacy) {
		t.Errorf("status %q, want %q", got, want)
	}
}

// A symlink to the file of a mode binary by another path, as in Nix, belongs to another program.
func TestSetLeavesDirectSymlinks(t *testing.T) {
	const store = "/nix/store/iptables/bin/"
	files := roots.Find("Alpine 3.22").Pinned[mode.NFT].Without("usr/sbin/xtables-nft-multi").With(roots.Tree{
		store[1:] + "xtables-nft-multi": roots.NFT,
		"usr/sbin/xtables-nft-multi@":   store + "xtables-nft-multi",
		"usr/sbin/iptables-save@":       store + "xtables-nft-multi",
	})
	dir := files.Build(t, programs)
	inst := find(t, openRoot(t, dir), self)
	if got := Look(inst); got[applet.IPTablesSave] != "elsewhere" || got[applet.IPTables] != "pinned to nft" {
		t.Errorf("status %q", got)
	}
	if err := Set(inst, mode.Legacy); err == nil || err.Error() != "iptables-save does not lead to this installation" {
		t.Errorf("error %v", err)
	}
	roots.Assert(t, dir, files.With(roots.Names("usr/sbin", roots.To("xtables-legacy-multi"))).
		With(roots.Tree{"usr/sbin/iptables-save@": store + "xtables-nft-multi"}))
}

// A mode without an entry in the database is refused, and no file changes.
func TestSetNeedsAnEntry(t *testing.T) {
	l := roots.Find("EL 9 nft registered alone")
	dir := l.Installed.Build(t, programs)
	root := openRoot(t, dir)
	if err := Set(find(t, root, l.Wrapper), mode.Legacy); err == nil {
		t.Error("no error")
	}
	roots.Assert(t, dir, l.Installed)
}

// The modes are in two directories. A relative target is adapted to the other directory.
func TestSetAcrossDirectories(t *testing.T) {
	files := roots.Tree{
		"usr/sbin/xtables-nft-multi": roots.NFT, "usr/sbin/iptables-wrapper": roots.Wrapper,
		"usr/bin/xtables-legacy-multi": roots.Legacy,
	}.With(roots.Names("usr/sbin", roots.To("iptables-wrapper")))
	dir := files.Build(t, programs)
	for _, step := range []struct {
		to     mode.Mode
		target string
	}{
		{mode.Legacy, "/usr/bin/xtables-legacy-multi"},
		{mode.NFT, "/usr/sbin/xtables-nft-multi"},
		{mode.Legacy, "/usr/bin/xtables-legacy-multi"},
	} {
		root := openRoot(t, dir)
		if err := Set(find(t, root, self), step.to); err != nil {
			t.Fatal(err)
		}
		roots.Assert(t, dir, files.With(roots.Names("usr/sbin", roots.To(step.target))))
	}
}

// libalternatives executes the binary that an administrator's override selects, whatever the wrapper's own configuration is.
func TestStatusUnderAnOverride(t *testing.T) {
	l := roots.Find("Tumbleweed")
	files := l.Installed.With(roots.Tree{"etc/libalternatives.conf": "iptables=1\n"})
	root := openRoot(t, build(t, files))
	inst := find(t, root, l.Wrapper)
	if got := Look(inst); got[applet.IPTables] != "elsewhere" || got[applet.IP6Tables] != "wrapper" {
		t.Errorf("status %q", got)
	}
}

// The name that a shell executes is the first one in PATH.
func TestHidden(t *testing.T) {
	base := plain("iptables-wrapper")
	for name, row := range map[string]struct {
		more roots.Tree
		want string
	}{
		"nothing else":               {nil, ""},
		"straight to a mode":         {roots.Tree{"usr/local/sbin/iptables@": "/usr/sbin/xtables-legacy-multi"}, "/usr/local/sbin/iptables"},
		"a program":                  {roots.Tree{"usr/local/sbin/ip6tables-save": roots.NFT}, "/usr/local/sbin/ip6tables-save"},
		"to the wrapper":             {roots.Tree{"usr/local/sbin/iptables@": "/usr/sbin/iptables"}, ""},
		"dangling":                   {roots.Tree{"usr/local/sbin/iptables@": "/nowhere"}, ""},
		"not executable":             {roots.Tree{"usr/local/sbin/iptables": "text"}, ""},
		"a directory":                {roots.Tree{"usr/local/sbin/iptables/": ""}, ""},
		"later in PATH":              {roots.Tree{"usr/bin/iptables": roots.NFT}, ""},
		"in a directory not in PATH": {roots.Tree{"opt/iptables": roots.NFT}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := base.With(row.more).Build(t, programs)
			root := openRoot(t, dir)
			inst := find(t, root, self)
			s := Look(inst)
			path := []string{"/usr/local/sbin", "/missing", "/usr/sbin", "/usr/bin"}
			if got := s.Hidden(inst, path); got != row.want {
				t.Errorf("hidden by %q, want %q", got, row.want)
			}
			if got := s.Hidden(inst, []string{"/usr/local/sbin", "/usr/bin"}); got != "" {
				t.Errorf("hidden by %q, although the wrapper is not in PATH", got)
			}
			if s.String() != "wrapper" {
				t.Errorf("status %q", s)
			}
		})
	}
	// One name is pinned to one mode and a second one to the other, so they execute different files.
	files := roots.Find("Alpine 3.22").Pinned[mode.NFT].With(roots.Tree{"usr/local/sbin/iptables@": "/usr/sbin/xtables-legacy-multi"})
	root := openRoot(t, files.Build(t, programs))
	inst := find(t, root, self)
	if got := Look(inst).Hidden(inst, []string{"/usr/local/sbin", "/usr/sbin"}); got != "/usr/local/sbin/iptables" {
		t.Errorf("hidden by %q", got)
	}
}
