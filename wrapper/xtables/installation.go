// Package xtables finds the binaries of both iptables modes inside one root file system.
package xtables

import (
	"cmp"
	"errors"
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Wrapper is the name of the wrapper's file, beside the mode binaries.
const Wrapper = "iptables-wrapper"

// ErrNone is returned by Find when it finds no mode's binaries.
var ErrNone = errors.New("no xtables-nft-multi, xtables-legacy-multi, iptables-nft or iptables-legacy")

// Binary is where one mode's binaries are. The zero Binary means that the mode is not installed.
type Binary struct {
	Dir   string // absolute inside the root; empty if the mode is not installed
	Multi bool   // Dir holds xtables-<mode>-multi; otherwise it holds the applets in the mode's own spelling
}

// Installation is what Find found, by mode: at least one of the two.
type Installation [mode.Legacy + 1]Binary

// Has reports whether mode m is installed.
func (i Installation) Has(m mode.Mode) bool { return i[m].Dir != "" }

// Path returns the file to execute, with the applet's plain name as argv[0], for applet a in mode m, or "" if that mode is not
// installed.
func (i Installation) Path(m mode.Mode, a applet.Applet) string {
	switch {
	case !i.Has(m):
		return ""
	case i[m].Multi:
		return path.Join(i[m].Dir, Multi(m))
	}
	return path.Join(i[m].Dir, a.In(m))
}

// Spelled returns the file of mode m that is named for applet a alone, such as ip6tables-nft-save, or what Path returns if there
// is no such file. User-mode emulators that replace argv[0] by the path of the file (binfmt_misc without the flag P) leave a
// multi-call binary no other sign of the applet.
func (i Installation) Spelled(root *rootfs.Root, m mode.Mode, a applet.Applet) string {
	file := path.Join(i[m].Dir, a.In(m))
	if _, err := root.Executable(file); err == nil {
		return file
	}
	return i.Path(m, a)
}

// Wrapper returns the path of the installed wrapper, or the path where install puts it: in the directory of the nft
// binaries or, if nft is not installed, of the legacy ones. The path contains no symlinks. The file may be missing.
func (i Installation) Wrapper(root *rootfs.Root) (string, error) {
	dir, err := root.Resolve(cmp.Or(i[mode.NFT].Dir, i[mode.Legacy].Dir))
	if err != nil {
		return "", err
	}
	return path.Join(dir, Wrapper), nil
}

// Contains reports whether file, a path without symlinks, is one of the mode binaries.
func (i Installation) Contains(root *rootfs.Root, file string) bool {
	for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
		for _, a := range applet.All() {
			if end, err := root.Resolve(i.Path(m, a)); i.Has(m) && err == nil && end == file {
				return true
			}
		}
	}
	return false
}

// Multi returns the name of the binary that answers to every applet of mode m.
func Multi(m mode.Mode) string { return "xtables-" + m.String() + "-multi" }

// IsBinary reports whether the last element of a path is the name of a mode's binary, such as xtables-nft-multi or
// ip6tables-legacy-save.
func IsBinary(file string) bool {
	_, name := path.Split(file)
	for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
		for _, a := range applet.All() {
			if name == Multi(m) || name == a.In(m) {
				return true
			}
		}
	}
	return false
}

// Find looks for each mode's binaries in the directory of the file self, then in applet.Dirs. self is the wrapper's own
// absolute path inside the root, symlinks resolved, or "" if it is not in the root or not known. Find skips a name that leads
// to self: the wrapper would execute itself.
func Find(root *rootfs.Root, self string) (Installation, error) {
	dirs := applet.Dirs()
	own, err := root.Stat(self)
	if self != "" && err == nil {
		dirs = append([]string{path.Dir(self)}, dirs...)
	}
	executable := func(dir, name string) bool {
		info, err := root.Executable(path.Join(dir, name))
		// A file that cannot be looked at counts as present: to take another one for it, and pin that, would be worse.
		return err == nil && !info.Same(own) || err != nil && !rootfs.Missing(err) && !errors.Is(err, rootfs.ErrNotExecutable)
	}
	var found Installation
	for _, dir := range dirs {
		for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
			switch b := &found[m]; {
			case b.Dir != "":
			case executable(dir, Multi(m)):
				*b = Binary{Dir: dir, Multi: true}
			case executable(dir, applet.IPTables.In(m)):
				*b = Binary{Dir: dir}
			}
		}
	}
	if found == (Installation{}) {
		return found, ErrNone
	}
	return found, nil
}
