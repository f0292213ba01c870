// Package command implements the command line of tools/pkglayer and tools/pkglayer/debapk. Each of the two programs
// passes the package formats that it supports.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// Readers maps the extension of a package file, such as ".deb", to the function that reads it.
type Readers map[string]func(io.Reader, archive.Limits) (*archive.Package, error)

// Main runs the command line, and exits with status 1 on an error.
func (r Readers) Main() {
	if err := r.run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pkglayer:", archive.Printable(err.Error()))
		os.Exit(1)
	}
}

func (r Readers) run(args []string) error {
	if len(args) > 0 && args[0] == "make" {
		return r.make(args[1:])
	}
	if len(args) > 0 && args[0] == "list" {
		return list(args[1:])
	}
	return errors.New("usage: pkglayer make ... | pkglayer list ...")
}

// make makes one layer from packages.
func (r Readers) make(args []string) error {
	flags := flag.NewFlagSet("pkglayer make", flag.ContinueOnError)
	output := flags.String("output", "", "the layer to write, `FILE`.tar.gz")
	settingsPath := flags.String("settings", "", "settings of the image, a JSON `FILE`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || *settingsPath == "" || flags.NArg() == 0 {
		return errors.New("usage: pkglayer make --output FILE --settings FILE PACKAGE...")
	}
	text, err := os.ReadFile(*settingsPath)
	if err != nil {
		return err
	}
	settings, err := layer.ParseSettings(text)
	if err != nil {
		return err
	}
	var packages []*archive.Package
	for _, path := range flags.Args() {
		pkg, err := r.readPackage(path)
		if err != nil {
			return err
		}
		packages = append(packages, pkg)
	}
	tree, err := layer.Build(settings, packages)
	if err != nil {
		return err
	}
	return layer.WriteFile(*output, tree.Write)
}

func (r Readers) readPackage(path string) (pkg *archive.Package, err error) {
	read, known := r[filepath.Ext(path)]
	if !known {
		return nil, fmt.Errorf("%s: none of %s", path, strings.Join(slices.Sorted(maps.Keys(r)), ", "))
	}
	err = readFile(path, func(content io.Reader) error {
		pkg, err = read(content, archive.DefaultLimits())
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
