package main

import (
	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// call is one call of an applet. It returns, with an exit status, only if there is nothing to become.
func call(a applet.Applet, argv, env []string) int {
	override, err := overriding(env)
	if err != nil {
		complain(err.Error())
		return exitUsage
	}
	if file := execPath(); xtables.IsBinary(file) {
		complain(file + ": is a copy of iptables-wrapper, not an iptables binary: reinstall iptables")
		return exitFailed
	}
	debug := variable(env, debugVariable) == "1"
	self, root := selfPath(), rootfs.Host()
	inst, err := xtables.Find(root, self)
	if err != nil {
		complain(a.String() + ": " + err.Error() + ", neither beside iptables-wrapper nor in /usr/sbin, /sbin or /usr/bin")
		return exitFailed
	}
	in := mode.Inputs{Override: override, NFTInstalled: inst.Has(mode.NFT), LegacyInstalled: inst.Has(mode.Legacy)}
	d, decided := mode.WithoutEvidence(&in)
	if !decided {
		in.Evidence = probe.Call(func() bool { return links.Writable(root, self, a) })
		d = mode.Decide(&in)
	}
	path := inst.Path(d.Mode, a)
	if emulated(self) {
		path = inst.Spelled(root, d.Mode, a)
	}
	if debug {
		stderr.Write([]byte(text(&in, d, false) + "runs: " + path + "\n"))
	}
	if !inst.Has(d.Mode) {
		complain(overrideVariable + "=" + d.Mode.String() + ": that mode is not installed, only " + d.Mode.Other().String() +
			" is: unset the variable, or install that mode in this image")
		return exitFailed
	}
	if d.Pin {
		restore := inherit.Ignore(unix.SIGXFSZ) // a limit on file sizes fails a write and does not end the call
		err = links.Pin(root, self, inst, d.Mode, a)
		restore()
	}
	// A read-only or foreign file system is normal: the call works without a pin, and the next one tries again.
	if err != nil && debug {
		complain("not pinned: " + err.Error())
	}
	err = become(path, argv, env)
	complain(path + ": " + err.Error())
	return exitFailed
}
