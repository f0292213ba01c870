// Command pkglayer makes one deterministic image layer of distribution packages (.deb, .apk, .rpm), without running a
// package manager or one line of a package's scripts.
//
// A package that is truncated, corrupt, absurdly large or hostile is an error, and then nothing is written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/rpm"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pkglayer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("pkglayer", flag.ContinueOnError)
	output := flags.String("output", "", "the layer to write, `FILE`.tar.gz")
	settingsPath := flags.String("settings", "", "settings of the image, a JSON `FILE`")
	var base []string
	flags.Func("base", "a layer `TAR` below this one; may be repeated, lowest first", func(path string) error {
		base = append(base, path)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || *settingsPath == "" || flags.NArg() == 0 {
		return errors.New("usage: pkglayer --output FILE --settings FILE [--base TAR]... PACKAGE...")
	}
	text, err := os.ReadFile(*settingsPath)
	if err != nil {
		return err
	}
	settings, err := layer.ParseSettings(text)
	if err != nil {
		return err
	}
	below := layer.NewTree()
	for _, path := range base {
		if err := readFile(path, below.AddBase); err != nil {
			return err
		}
	}
	var packages []*archive.Package
	for _, path := range flags.Args() {
		pkg, err := readPackage(path)
		if err != nil {
			return err
		}
		packages = append(packages, pkg)
	}
	tree, err := layer.Build(settings, below, packages)
	if err != nil {
		return err
	}
	return layer.WriteFile(*output, tree.Write)
}

func readPackage(path string) (pkg *archive.Package, err error) {
	err = readFile(path, func(r io.Reader) error {
		switch filepath.Ext(path) {
		case ".deb":
			pkg, err = deb.Read(r, archive.DefaultLimits())
		case ".apk":
			pkg, err = apk.Read(r, archive.DefaultLimits())
		case ".rpm":
			pkg, err = rpm.Read(r, archive.DefaultLimits())
		default:
			err = errors.New("not a .deb, .apk or .rpm")
		}
		return err
	})
	return pkg, err
}

func readFile(path string, read func(io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := read(file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
