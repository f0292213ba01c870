// Command wrapperlayer makes the image layer that installs the wrapper over a base image, or one that only carries the
// wrapper and its installer. It needs no privileges and runs nothing of the base.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "wrapperlayer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("wrapperlayer", flag.ContinueOnError)
	output := flags.String("output", "", "the layer to write, `FILE`.tar.gz")
	base := flags.String("base", "", "the image to install over: an OCI layout directory, or a layer tar, `PATH`")
	wrapper := flags.String("wrapper", "", "the wrapper of the base's architecture, `FILE`")
	nftOnly := flags.Bool("nft-only", false, "the base has no legacy variant, on purpose")
	script := flags.String("installer", "", "instead of installing, carry the wrapper and this `SCRIPT` in the root folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || *wrapper == "" || (*base == "") == (*script == "") || flags.NArg() > 0 {
		return errors.New("usage: wrapperlayer --output FILE --wrapper FILE (--base PATH | --installer SCRIPT)")
	}
	tree := layer.NewTree()
	err := carry(tree, *wrapper, *script)
	if *script == "" {
		err = install(tree, *base, *wrapper, *nftOnly)
	}
	if err != nil {
		return err
	}
	return layer.WriteFile(*output, tree.Write)
}

// install adds to the tree what an installation changes in the unpacked base.
func install(tree *layer.Tree, base, wrapper string, nftOnly bool) (err error) {
	size, err := compressed(base)
	if err != nil {
		return fmt.Errorf("base %s: %w", base, err)
	}
	directory, remove, err := scratch(size)
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := remove(); removeErr != nil && err == nil {
			err = removeErr
		}
	}()
	if err := unpackBase(tree, base, directory); err != nil {
		return fmt.Errorf("base %s: %w", base, err)
	}
	before, err := snapshot(directory)
	if err != nil {
		return err
	}
	root, err := rootfs.Open(directory)
	if err != nil {
		return err
	}
	defer root.Close()
	self, err := filepath.Abs(wrapper)
	if err != nil {
		return err
	}
	done, err := installer.Install(installer.Options{Root: root, Self: self, SanityCheck: true, NFTOnly: nftOnly})
	if err != nil {
		return fmt.Errorf("base %s: %w", base, err)
	}
	for _, warning := range done.Warnings {
		fmt.Fprintf(os.Stderr, "wrapperlayer: base %s: warning: %v\n", base, warning)
	}
	after, err := snapshot(directory)
	if err != nil {
		return err
	}
	return changes(tree, directory, before, after)
}

// carry adds the wrapper and the installer script as a Dockerfile's COPY would.
func carry(tree *layer.Tree, wrapper, script string) error {
	if script == "" {
		return nil
	}
	for name, source := range map[string]string{xtables.Wrapper: wrapper, filepath.Base(script): script} {
		data, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		if err := tree.Add(archive.File{Name: name, Type: archive.Regular, Mode: 0o755, Data: data}); err != nil {
			return err
		}
	}
	return nil
}
