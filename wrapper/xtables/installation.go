// Package xtables finds the binaries of both iptables modes inside one root file system.
package xtables

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Wrapper is the name of the wrapper's file, beside the mode binaries.
const Wrapper = "iptables-wrapper"

// ErrNone is the error of Find if it finds no mode's binaries.
var ErrNone = errors.New("no xtables-nft-multi, xtables-legacy-multi, iptables-nft or iptables-legacy")

// Installation is a wrapper with the binaries of at least one mode.
type Installation struct {
	Root     *rootfs.Root
	Wrapper  string // path of the wrapper, without symlinks; empty if not known
	Binaries [mode.Legacy + 1]Binary
	files    [applet.Count]map[string]mode.Mode // see Files
}

// Binary is the location of one mode's binaries. The zero Binary means that the mode is not installed.
type Binary struct {
	Dir   string // absolute inside the root; empty if the mode is not installed
	Multi bool   // Dir contains xtables-<mode>-multi; otherwise the applets under their names in this mode
}

// Has reports whether mode m is installed.
func (i *Installation) Has(m mode.Mode) bool { return i.Binaries[m].Dir != "" }

// Modes returns the installed modes.
func (i *Installation) Modes() []mode.Mode {
	return slices.DeleteFunc([]mode.Mode{mode.NFT, mode.Legacy}, func(m mode.Mode) bool { return !i.Has(m) })
}

// Path returns the file to execute for applet a in mode m, with the applet's plain name as argv[0]. It is "" without that mode.
func (i *Installation) Path(m mode.Mode, a applet.Applet) string {
	switch {
	case !i.Has(m):
		return ""
	case i.Binaries[m].Multi:
		return path.Join(i.Binaries[m].Dir, Multi(m))
	}
	return path.Join(i.Binaries[m].Dir, a.In(m))
}

// Spelled returns the file of mode m that is named for applet a alone, such as ip6tables-nft-save. If there is none, it returns
// the result of Path. User-mode emulators that replace argv[0] by the path of the file (binfmt_misc without the flag P) leave a
// multi-call binary no other way to detect the applet.
func (i *Installation) Spelled(m mode.Mode, a applet.Applet) string {
	file := path.Join(i.Binaries[m].Dir, a.In(m))
	if _, err := i.Root.Executable(file); err == nil {
		return file
	}
	return i.Path(m, a)
}

// Dirs returns the directories in which applet names are searched, without symlinks and duplicates. The wrapper's own is first.
func (i *Installation) Dirs() []string {
	dirs := []string{path.Dir(i.Wrapper)}
	for _, dir := range applet.Dirs() {
		if resolved, err := i.Root.Resolve(dir); err == nil && !slices.Contains(dirs, resolved) {
			dirs = append(dirs, resolved)
		}
	}
	return dirs
}

// Files returns the files that an applet's symlink can lead to, by path. They are the wrapper (mode zero) and both modes'
// binaries, under the multi-call binary's name and under applet a's own, such as iptables-nft. The latter usually is a symlink
// itself, and alternatives databases contain it. Directories are resolved, but the binaries are not: a symlink that leads to the
// same file by other names belongs to another program, such as Nix.
func (i *Installation) Files(a applet.Applet) map[string]mode.Mode {
	if i.files[a] == nil {
		i.files[a] = map[string]mode.Mode{i.Wrapper: 0}
		for _, m := range i.Modes() {
			if dir, err := i.Root.Resolve(i.Binaries[m].Dir); err == nil {
				i.files[a][path.Join(dir, Multi(m))], i.files[a][path.Join(dir, a.In(m))] = m, m
			}
		}
	}
	return i.files[a]
}

// Multi returns the name of the binary that contains every applet of mode m.
func Multi(m mode.Mode) string { return "xtables-" + m.String() + "-multi" }

// IsBinary reports whether a path ends in the name of a mode's binary, such as xtables-nft-multi or ip6tables-legacy-save.
func IsBinary(file string) bool {
	_, name := path.Split(file)
	return strings.Contains(name, "-nft") || strings.Contains(name, "-legacy")
}

// Find searches each mode's binaries in the directory of the file self, then in applet.Dirs. self is the wrapper's own absolute
// path inside the root, with symlinks resolved, or "" if it is not in the root or not known. Find skips a name that leads to self,
// because the wrapper would execute itself.
func Find(root *rootfs.Root, self string) (*Installation, error) {
	dirs := applet.Dirs()
	own, err := root.Stat(self)
	if self != "" && err == nil {
		dirs = append([]string{path.Dir(self)}, dirs...)
	}
	executable := func(dir, name string) bool {
		info, err := root.Executable(path.Join(dir, name))
		// A file that cannot be inspected counts as present: pinning another file instead would be worse.
		return err == nil && !info.Same(own) || err != nil && !rootfs.Missing(err) && !errors.Is(err, rootfs.ErrNotExecutable)
	}
	found := &Installation{Root: root, Wrapper: self}
	for _, dir := range dirs {
		for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
			switch b := &found.Binaries[m]; {
			case b.Dir != "":
			case executable(dir, Multi(m)):
				*b = Binary{Dir: dir, Multi: true}
			case executable(dir, applet.IPTables.In(m)):
				*b = Binary{Dir: dir}
			}
		}
	}
	if len(found.Modes()) == 0 {
		return found, ErrNone
	}
	return found, nil
}

// FindInstalled is Find, but Wrapper becomes the path of the installed wrapper, or the path where install puts it. That is in the
// directory of the nft binaries or, if nft is not installed, of the legacy ones. The file may be missing.
func FindInstalled(root *rootfs.Root, self string) (*Installation, error) {
	found, err := Find(root, self)
	found.Wrapper = ""
	if err != nil {
		return found, err
	}
	dir, err := root.Resolve(cmp.Or(found.Binaries[mode.NFT].Dir, found.Binaries[mode.Legacy].Dir))
	if err == nil {
		found.Wrapper = path.Join(dir, Wrapper)
	}
	return found, err
}
