package main

import (
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

func install(args []string) error {
	dir := "/"
	var unchecked, dry, nftOnly bool
	err := parse(args, map[string]*string{"--root": &dir},
		map[string]*bool{"--nft-only": &nftOnly, "--no-sanity-check": &unchecked, "--dry-run": &dry})
	if err != nil {
		return usageError("install: " + err.Error())
	}
	if dir == "" {
		return usageError("install: --root is empty")
	}
	root := rootfs.Host()
	if dir != "/" {
		if root, err = rootfs.Open(dir); err != nil {
			return errors.New("install: " + err.Error())
		}
		defer root.Close()
	}
	self := selfPath()
	if self == "" {
		return errors.New("install: cannot find its own file: no /proc, and not started by a path")
	}
	result, err := installer.Install(installer.Options{
		Root: root, Self: self, SanityCheck: !unchecked, NFTOnly: nftOnly, DryRun: dry,
	})
	if err != nil {
		return errors.New("install: " + err.Error())
	}
	for _, change := range result.Changes {
		if dry {
			stdout.Write([]byte(change.String() + "\n"))
		}
	}
	warn("install", result)
	return nil
}

func warn(command string, result installer.Result) {
	for _, warning := range result.Warnings {
		complain(command + ": done, but " + warning.Error() + ": the next install or call removes it")
	}
}
