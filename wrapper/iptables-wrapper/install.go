package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

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
		return errors.New("install: " + err.Error())
	}
	defer root.Close()
	result, err := installer.Install(installer.Options{
		Root: root, Self: wrapper, SanityCheck: !unchecked, NFTOnly: nftOnly, DryRun: dry,
	})
	if err != nil {
		return errors.New("install: " + err.Error())
	}
	for _, change := range result.Changes {
		if dry {
			stdout.Write([]byte(printable(change.String()) + "\n"))
		}
	}
	warn("install", result)
	return nil
}

func warn(command string, result installer.Result) {
	for _, warning := range result.Warnings {
		complain(command + ": warning: " + warning.Error())
	}
}

// absolute returns a path that does not depend on the working directory.
func absolute(path string) (string, error) {
	if path[0] == '/' {
		return path, nil
	}
	dir, err := unix.Getwd()
	return dir + "/" + path, err
}
