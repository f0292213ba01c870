// Command wrapperlayer makes the image layer that installs the wrapper over a base image, or a layer that only contains
// the wrapper and its installer. It needs no privileges and executes no file of the base.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "wrapperlayer:", archive.Printable(err.Error()))
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("wrapperlayer", flag.ContinueOnError)
	output := flags.String("output", "", "the layer to write, `FILE`.tar.gz")
	base := flags.String("base", "", "the image to install over: an OCI layout directory, or a layer tar, `PATH`")
	wrapper := flags.String("wrapper", "", "the wrapper of the base's architecture, `FILE`")
	nftOnly := flags.Bool("nft-only", false, "the base intentionally has no legacy variant")
	script := flags.String("installer", "", "do not install; add the wrapper and this `SCRIPT` to the root directory")
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
		if err != nil {
			err = fmt.Errorf("base %s: %w", *base, err)
		}
	}
	if err != nil {
		return err
	}
	return layer.WriteFile(*output, tree.Write)
}

// install adds to the layer what an installation changes in the base.
//
// The installer works on directories: wrapper/rootfs walks every path itself and never leaves its root. Therefore
// install unpacks the base. It unpacks only the final tree of all layers, executes no file of it, and follows no
// symlink of it.
func install(tree *layer.Tree, name, wrapper string, nftOnly bool) (err error) {
	base, err := openBase(name)
	if err != nil {
		return err
	}
	directory, remove, err := scratch(base.Size())
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := remove(); removeErr != nil && err == nil {
			err = removeErr
		}
	}()
	if err := imagetree.Unpack(directory, imagetree.Limits(base.Size()), base.Apply); err != nil {
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
	result, err := installer.Install(installer.Options{Root: root, Self: self, SanityCheck: true, NFTOnly: nftOnly})
	if err != nil {
		return err
	}
	for _, warning := range result.Warnings {
		fmt.Fprintln(os.Stderr, "wrapperlayer: base "+name+": warning:", archive.Printable(warning.Error()))
	}
	for _, change := range result.Changes {
		if err := tree.Add(changed(change)); err != nil {
			return err
		}
	}
	return nil
}

// changed returns the layer's entry for one change. All files belong to root, as after an installation in a container.
func changed(c rootfs.Change) archive.File {
	name := strings.TrimPrefix(c.Path, "/")
	switch {
	case c.Verb == "remove":
		return archive.File{Name: path.Join(path.Dir(name), imagetree.Whiteout+path.Base(name)), Type: archive.Regular}
	case c.Target != "":
		return archive.File{Name: name, Type: archive.Symlink, Mode: 0o777, Link: c.Target}
	default:
		return archive.File{Name: name, Type: archive.Regular, Mode: int64(c.Like.Perm() & 0o777), Data: c.Data}
	}
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
