package main

import (
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// set is the command set: it pins the installation manually, or makes the wrapper decide again.
func set(args []string) error {
	if len(args) != 1 {
		return usageError("set: needs one argument: nft, legacy, detected or auto")
	}
	m, known := mode.Parse(args[0])
	auto, detected := args[0] == "auto", args[0] == "detected"
	if !known && !auto && !detected {
		return usageError("set: \"" + args[0] + "\": not nft, legacy, detected or auto")
	}
	override, err := overriding(inherit.Environ())
	if err != nil && detected {
		return usageError(err.Error())
	}
	root := rootfs.Host()
	inst, wrapper, err := find(root)
	switch {
	case err != nil:
		return errors.New("set: " + err.Error() + ": install iptables, then run iptables-wrapper install")
	case links.Look(root, wrapper, inst) == links.Status{}:
		return errors.New("set: " + wrapper + " does not exist: run iptables-wrapper install first")
	case auto:
		// To install the installed wrapper copies nothing. It points every name at it.
		result, err := installer.Install(installer.Options{Root: root, Self: wrapper})
		if err != nil {
			return errors.New("set auto: " + err.Error())
		}
		warn("set auto", result)
		return nil
	case detected:
		in := inputs(override, inst)
		m = choose(&in, func() bool { return false }).Mode
	}
	if !inst.Has(m) {
		return errors.New("set " + args[0] + ": " + "that mode is not installed, only " + m.Other().String() + " is: install it in this image")
	}
	if err := installer.Pin(root, wrapper, inst, m); err != nil {
		return errors.New("set " + args[0] + ": " + err.Error())
	}
	if detected {
		_, err = stdout.Write([]byte(m.String() + "\n"))
	}
	return err
}

// find returns the installation that a call would use, and the path of its wrapper, whichever copy of the program this is.
func find(root *rootfs.Root) (inst xtables.Installation, wrapper string, err error) {
	inst, err = xtables.Find(root, selfPath())
	if err == nil {
		wrapper, err = inst.Wrapper(root)
	}
	return inst, wrapper, err
}
