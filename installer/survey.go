package installer

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// site is what the root holds.
type site struct {
	root    *rootfs.Root
	inst    xtables.Installation
	wrapper string // where the wrapper belongs: beside the mode binaries
	alts    bool   // iptables leads to libalternatives' program
}

// statRoot lets package xtables look into a root.
type statRoot struct{ root *rootfs.Root }

func (r statRoot) Stat(path string, st *unix.Stat_t) error {
	info, err := r.root.Stat(path)
	st.Mode, st.Ino = info.Mode, info.Ino
	return err
}

// survey finds the mode binaries. Without any there is no place for the wrapper, so this check cannot be skipped.
func survey(root *rootfs.Root) (*site, error) {
	inst, err := xtables.Find(statRoot{root}, "")
	if _, oldErr := root.Stat("/usr/sbin/xtables-multi"); err != nil && oldErr == nil {
		return nil, errors.New("iptables is older than 1.8 and has no modes to choose from: update it to 1.8.4 or later")
	}
	if err != nil {
		return nil, &problem{"no iptables in " + root.Dir() + ": ", err, ": install the distribution's iptables package first"}
	}
	s := &site{root: root, inst: inst}
	dir := inst.NFT.Dir
	if dir == "" {
		dir = inst.Legacy.Dir
	}
	if dir, err = root.Resolve(dir); err != nil {
		return nil, err
	}
	s.wrapper = rootfs.Join(dir, Name)
	_, end, err := root.Follow(rootfs.Join(dir, applet.IPTables.String()))
	s.alts = err == nil && applet.Base(end) == altsName
	return s, nil
}

// binary reads a mode's program.
func (s *site) binary(m mode.Mode) (path string, data []byte, err error) {
	path = s.inst.Path(m, applet.IPTables)
	data, err = s.root.ReadFile(path, maxBinary)
	return path, data, err
}
