package main

import (
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// call is one call of an applet. It returns, with an exit status, only if there is nothing to become.
func call(a applet.Applet, argv, env []string) int {
	opts, err := parseOptions(env)
	if err != nil {
		complain(err.Error())
		return exitUsage
	}
	self, root := selfPath(), rootfs.Host()
	inst, err := xtables.Find(root, self)
	if err != nil {
		complain(a.String() + ": " + err.Error() + ", neither beside iptables-wrapper nor in /usr/sbin, /sbin or /usr/bin")
		return exitFailed
	}
	in := inputs(opts, inst)
	d, settled := mode.Settled(&in)
	if !settled {
		in.Evidence = probe.Enough()
		// Looked at after the probes: a guess leaves its mark before it makes a rule, so no rule is seen without its mark.
		in.Guessed = links.Guessed(root, self)
		d = mode.Decide(&in)
	}
	if opts.debug {
		debug(&in, d, inst.Path(d.Mode, a))
	}
	if !inst.Has(d.Mode) {
		complain(overrideVariable + "=" + d.Mode.String() + ": that mode is not installed, only " + d.Mode.Other().String() +
			" is: unset the variable, or install that mode in this image")
		return exitFailed
	}
	// A read-only or foreign file system is normal: the call works all the same, and the next one tries again.
	if err := remember(root, self, inst, a, &in, d); err != nil && opts.debug {
		complain("not written down: " + err.Error())
	}
	path := inst.Path(d.Mode, a)
	err = become(path, argv, env)
	complain(path + ": " + err.Error())
	return exitFailed
}

// remember writes down what this call found out: it pins a decision, or leaves the mark of a guess.
func remember(root *rootfs.Root, self string, inst xtables.Installation, a applet.Applet, in *mode.Inputs, d mode.Decision) error {
	switch {
	case d.Pin:
		return links.Pin(root, self, inst, d.Mode, a)
	case d.Guess() && !in.Guessed:
		return links.MarkGuess(root, self)
	}
	return nil
}

// inputs returns what is known before the kernel is asked.
func inputs(opts options, inst xtables.Installation) mode.Inputs {
	return mode.Inputs{
		Override:        opts.override,
		NFTInstalled:    inst.Has(mode.NFT),
		LegacyInstalled: inst.Has(mode.Legacy),
	}
}
