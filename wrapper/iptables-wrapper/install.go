package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// install is the command install.
func install(args []string) error {
	dir, wrapper := "/", selfPath()
	var unchecked, dry, nftOnly bool
	err := parse(args, map[string]*string{"--root": &dir, "--wrapper": &wrapper},
		map[string]*bool{"--nft-only": &nftOnly, "--no-sanity-check": &unchecked, "--dry-run": &dry})
	if err != nil {
		return usageError("install: " + err.Error())
	}
	if dir == "" {
		return usageError("install: --root is empty")
	}
	if wrapper == "" {
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
			stdout.Write([]byte(printable(change.String()) + "\n"))
		}
	}
	for _, warning := range result.Warnings {
		complain(command + ": warning: " + warning.Error())
	}
	return nil
}

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
		return err
	}
	root := rootfs.Host()
	inst, wrapper, err := find(root)
	switch {
	case err != nil:
		return failure("set: ", err.Error(), ": install iptables, then run iptables-wrapper install")
	case links.Look(root, wrapper, inst) == links.Status{}:
		return failure("set: ", wrapper, " does not exist: run iptables-wrapper install first")
	case auto:
		// To install the installed wrapper copies nothing. It points every name at it.
		return runInstaller("set auto", installer.Options{Root: root, Self: wrapper})
	case detected:
		in := inputs(override, inst)
		m = choose(&in, func() bool { return false }).Mode
	}
	if !inst.Has(m) {
		return failure("set ", args[0], ": that mode is not installed, only ", m.Other().String(), " is: install it in this image")
	}
	if err := installer.Pin(root, wrapper, inst, m); err != nil {
		return failure("set ", args[0], ": ", err.Error())
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

// absolute returns a path that does not depend on the working directory.
func absolute(path string) (string, error) {
	if path[0] == '/' {
		return path, nil
	}
	dir, err := unix.Getwd()
	return dir + "/" + path, err
}
