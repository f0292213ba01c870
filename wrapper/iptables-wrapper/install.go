package main

import (
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// install is the command install.
func install(args []string) error {
	dir, wrapper := "/", selfPath()
	var unchecked, dry, nftOnly bool
	err := parse(args, map[string]*string{"--root": &dir, "--wrapper": &wrapper},
		map[string]*bool{"--nft-only": &nftOnly, "--no-sanity-check": &unchecked, "--dry-run": &dry})
	switch {
	case err != nil:
		return err
	case dir == "":
		return usageError("install: --root is empty")
	case wrapper == "":
		return errors.New("install: cannot find its own file: no /proc, and not started by a path: install with --wrapper FILE")
	}
	if dir, err = absolute(dir); err == nil {
		wrapper, err = absolute(wrapper)
	}
	root := rootfs.Host()
	if err == nil && dir != "/" {
		root, err = rootfs.Open(dir)
	}
	if err != nil {
		return failure("install: ", err.Error())
	}
	defer root.Close()
	return runInstaller("install", installer.Options{
		Root: root, Self: wrapper, SanityCheck: !unchecked, NFTOnly: nftOnly, DryRun: dry,
	})
}

func runInstaller(command string, o installer.Options) error {
	result, err := installer.Install(o)
	if err != nil {
		return failure(command, ": ", err.Error())
	}
	for _, change := range result.Changes {
		if o.DryRun {
			_ = stdout.print(printable(change.String()) + "\n")
		}
	}
	for _, warning := range result.Warnings {
		complain(command + ": warning: " + warning.Error())
	}
	return nil
}

// set is the command set: it pins the installation manually, or makes the wrapper decide again.
func set(args []string) error {
	if len(args) != 2 {
		return usageError("set: needs one argument: nft, legacy, detected or auto")
	}
	m, known := mode.Parse(args[1])
	auto, detected := args[1] == "auto", args[1] == "detected"
	if !known && !auto && !detected {
		return usageError("set: \"" + args[1] + "\": not nft, legacy, detected or auto")
	}
	s := newState()
	if err := s.override(); err != nil && detected {
		return err
	}
	err := s.findInstalled(selfPath())
	switch {
	case err != nil:
		return failure("set: ", err.Error(), ": install iptables, then run iptables-wrapper install")
	case links.Look(s.root, s.wrapper, s.inst) == links.Status{}:
		return failure("set: ", s.wrapper, " does not exist: run iptables-wrapper install first")
	case auto:
		// To install the installed wrapper copies nothing. It points every name at it.
		return runInstaller("set auto", installer.Options{Root: s.root, Self: s.wrapper})
	case detected:
		m = s.choose(func() bool { return false }).Mode
	}
	if !s.inst.Has(m) {
		return failure("set ", args[1], ": that mode is not installed, only ", m.Other().String(), " is: install it in this image")
	}
	if err := installer.Pin(s.root, s.wrapper, s.inst, m); err != nil {
		return failure("set ", args[1], ": ", err.Error())
	}
	if detected {
		return stdout.print(m.String() + "\n")
	}
	return nil
}
