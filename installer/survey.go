package installer

import (
	"errors"
	"path"

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

// survey finds the mode binaries. Without any there is no place for the wrapper, so this check cannot be skipped.
func survey(root *rootfs.Root) (*site, error) {
	inst, err := xtables.Find(root, "")
	if _, oldErr := root.Stat("/usr/sbin/xtables-multi"); err != nil && oldErr == nil {
		return nil, errors.New("iptables is older than 1.8 and has no modes to choose from: update it to 1.8.4 or later")
	}
	if err != nil {
		return nil, errors.New("no iptables in " + root.Dir() + ": " + err.Error() + ": install the distribution's iptables package first")
	}
	s := &site{root: root, inst: inst}
	dir := inst[mode.NFT].Dir
	if dir == "" {
		dir = inst[mode.Legacy].Dir
	}
	if dir, err = root.Resolve(dir); err != nil {
		return nil, err
	}
	s.wrapper = path.Join(dir, Name)
	_, end, err := root.Follow(path.Join(dir, applet.IPTables.String()))
	if err != nil && !rootfs.Missing(err) {
		return nil, err
	}
	s.alts = applet.Base(end) == altsName
	return s, nil
}
