package links

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// Status is what the symlink of each applet does: "wrapper" if it leads to the wrapper, "pinned to nft" or "pinned to legacy"
// if it leads to a binary of this installation, "missing" or "elsewhere". The zero Status is that of a root without an installed wrapper.
type Status [applet.Count]string

// Look returns the status of an installation. self is the installed wrapper's path, free of symlinks. Of an applet that is in
// several directories, the one in the wrapper's own directory counts, otherwise the first.
func Look(root *rootfs.Root, self string, inst xtables.Installation) (s Status) {
	if _, err := root.Stat(self); self == "" || rootfs.Missing(err) {
		return s
	}
	for _, a := range applet.All() {
		_, s[a] = first(root, self, inst, a, Dirs(root, self))
	}
	return s
}

// Hidden returns the first applet name along dirs that executes another file than the installation's own symlinks, which
// s describes: a shell whose PATH is dirs never reaches those. It returns "" if there is none, or if the wrapper's directory is
// not in PATH.
func (s Status) Hidden(root *rootfs.Root, self string, inst xtables.Installation, dirs []string) string {
	own := func(dir string) bool { dir, err := root.Resolve(dir); return err == nil && dir == path.Dir(self) }
	if !slices.ContainsFunc(dirs, own) {
		return ""
	}
	for _, a := range applet.All() {
		if name, what := first(root, self, inst, a, dirs); name != "" && what != s[a] && s[a] != "" {
			return name
		}
	}
	return ""
}

// first returns the first applet a along dirs that can be executed, and what it does.
func first(root *rootfs.Root, self string, inst xtables.Installation, a applet.Applet, dirs []string) (name, what string) {
	to := endsOf(root, self, inst, a)
	for _, dir := range dirs {
		name := path.Join(dir, a.String())
		if _, err := root.Executable(name); err != nil {
			continue
		}
		_, end, err := root.FollowTo(name, to.has)
		if path.Base(end) == Alts {
			_, _, end, err = confEnd(root, a, to)
		}
		m, known := to[end]
		switch {
		case err != nil || !known:
			return name, "elsewhere"
		case m == 0:
			return name, "wrapper"
		}
		return name, pinnedTo + m.String()
	}
	return "", missing
}

// String returns what all six do, "mixed" or "not installed".
func (s Status) String() string {
	if s == (Status{}) {
		return "not installed"
	}
	for _, one := range s {
		if one != s[0] {
			return "mixed"
		}
	}
	return s[0]
}

// PinnedTo reports whether a symlink is pinned to mode m.
func (s Status) PinnedTo(m mode.Mode) bool { return slices.Contains(s[:], pinnedTo+m.String()) }

const (
	pinnedTo = "pinned to "
	missing  = "missing"
)

// ends are the files that an applet's symlink can lead to, by path without symlinks: the wrapper (mode zero), or a mode's.
type ends map[string]mode.Mode

// endsOf returns the wrapper and both modes' binaries, under the multi-call binary's name and under the applet's own, such as
// iptables-nft, which usually is a symlink itself and which alternatives databases contain.
func endsOf(root *rootfs.Root, self string, inst xtables.Installation, a applet.Applet) ends {
	to := ends{self: 0}
	for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
		for _, name := range [...]string{xtables.Multi(m), a.In(m)} {
			if place, err := root.Place(path.Join(inst[m].Dir, name)); err == nil && inst.Has(m) {
				to[place] = m
			}
		}
	}
	return to
}

func (to ends) has(file string) bool { _, known := to[file]; return known }

// confEnd reads the wrapper's configuration file for an applet, and returns the one of the ends that libalternatives executes:
// "" if there is no such file, and the override file if that selects another.
func confEnd(root *rootfs.Root, a applet.Applet, to ends) (file string, data []byte, end string, err error) {
	file = path.Join(ConfDir, a.String(), Conf)
	data, err = root.ReadFile(file, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil, "", nil
	}
	if err == nil {
		_, end, err = root.FollowTo(alternatives.ConfBinary(data), to.has)
	}
	if by, overErr := Overridden(root, a); by != "" || overErr != nil {
		end, err = by, overErr
	}
	return file, data, end, err
}
