// Package xtables finds the binaries of both iptables modes inside one root file system.
package xtables

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// ErrNone is returned by Find when it finds no mode's binaries.
var ErrNone = errors.New("no xtables-nft-multi, xtables-legacy-multi, iptables-nft or iptables-legacy")

// Root answers what an absolute path inside a root file system names, following links within that root.
type Root interface {
	Stat(path string, st *unix.Stat_t) error
}

// Running is the root file system this process runs in.
type Running struct{}

// Stat is stat(2), or by way of open and fstat where a seccomp filter denies that: of a path, the kernel itself says
// neither EPERM nor ENOSYS.
func (Running) Stat(path string, st *unix.Stat_t) error {
	for {
		switch err := unix.Stat(path, st); err {
		case unix.EINTR:
		case unix.EPERM, unix.ENOSYS:
			fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			return unix.Fstat(fd, st)
		default:
			return err
		}
	}
}

// Binary is where one mode's binaries are. The zero Binary means that the mode is not installed.
type Binary struct {
	Dir   string // absolute inside the root; empty if the mode is not installed
	Multi bool   // Dir holds xtables-<mode>-multi; otherwise it holds the applets in the mode's own spelling
}

// Installation is what Find found: at least one of the two.
type Installation struct {
	NFT, Legacy Binary
}

// For returns where the binaries of mode m are.
func (i Installation) For(m mode.Mode) Binary {
	if m == mode.Legacy {
		return i.Legacy
	}
	return i.NFT
}

// Has reports whether mode m is installed.
func (i Installation) Has(m mode.Mode) bool { return i.For(m).Dir != "" }

// Path returns the file to execute for applet a in mode m, or "" if that mode is not installed. Executed with the
// applet's plain name as argv[0], it does what the applet does in that mode.
func (i Installation) Path(m mode.Mode, a applet.Applet) string {
	b := i.For(m)
	switch {
	case b.Dir == "":
		return ""
	case b.Multi:
		return join(b.Dir, multi(m))
	}
	return join(b.Dir, a.In(m))
}

// multi returns the name of the binary that answers to every applet of mode m.
func multi(m mode.Mode) string { return "xtables-" + m.String() + "-multi" }

// Dirs returns the directories that are searched after the wrapper's own. /sbin and /usr/bin are other names of
// /usr/sbin where a distribution has merged them, and the real place on Alpine before 3.21, and on Wolfi, Arch and
// Fedora from 43.
func Dirs() [3]string { return [...]string{"/usr/sbin", "/sbin", "/usr/bin"} }

// Find looks for each mode's binaries in the directory of the file self, then in Dirs. self is the wrapper's own
// absolute path inside the root, links resolved, or "" if it is not in the root or not known. A name that leads to self
// itself is passed over: to execute it would be to start again.
func Find(root Root, self string) (Installation, error) {
	var own unix.Stat_t
	known := self != "" && root.Stat(self, &own) == nil
	s := search{root: root}
	if known {
		s.self = &own
	}
	standard := Dirs()
	dirs := standard[:]
	if known {
		dirs = append([]string{dir(self)}, dirs...)
	}
	var found Installation
	for _, d := range dirs {
		if found.NFT.Dir == "" {
			found.NFT = s.in(d, mode.NFT)
		}
		if found.Legacy.Dir == "" {
			found.Legacy = s.in(d, mode.Legacy)
		}
		if found.NFT.Dir != "" && found.Legacy.Dir != "" {
			break
		}
	}
	if found == (Installation{}) {
		return found, ErrNone
	}
	return found, nil
}

type search struct {
	root Root
	self *unix.Stat_t // nil if not known
}

func (s search) in(dir string, m mode.Mode) Binary {
	switch {
	case s.executable(join(dir, multi(m))):
		return Binary{Dir: dir, Multi: true}
	case s.executable(join(dir, applet.IPTables.In(m))):
		return Binary{Dir: dir}
	}
	return Binary{}
}

func (s search) executable(path string) bool {
	var st unix.Stat_t
	if err := s.root.Stat(path, &st); err != nil {
		return false
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Mode&0o111 == 0 {
		return false
	}
	return s.self == nil || st.Dev != s.self.Dev || st.Ino != s.self.Ino
}

// dir returns the directory part of an absolute path.
func dir(path string) string {
	n := len(path) - len(applet.Base(path)) - 1
	if n <= 0 {
		return "/"
	}
	return path[:n]
}

func join(dir, name string) string {
	if dir == "/" {
		return dir + name
	}
	return dir + "/" + name
}
