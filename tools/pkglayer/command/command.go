// Package command implements the command line of tools/pkglayer and tools/pkglayer/debapk. Each of the two programs
// passes the package formats that it supports.
package command

import (
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/origin"
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
	originsPath := flags.String("origins", "", "the `FILE` to write with the source package and licenses of each package, JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || *settingsPath == "" || flags.NArg() == 0 {
		return errors.New("usage: pkglayer make --output FILE --settings FILE [--origins FILE] PACKAGE...")
	}
	text, err := os.ReadFile(*settingsPath)
	if err != nil {
		return err
	}
	settings, err := layer.ParseSettings(text)
	if err != nil {
		return err
	}
	var files []origin.File
	var packages []*archive.Package
	for _, path := range flags.Args() {
		file, err := r.readPackage(path)
		if err != nil {
			return err
		}
		files, packages = append(files, file), append(packages, file.Package)
	}
	tree, err := layer.Build(settings, packages)
	if err != nil {
		return err
	}
	origins, err := origin.Of(files)
	if err != nil {
		return err
	}
	if err := layer.WriteFile(*output, tree.Write); err != nil || *originsPath == "" {
		return err
	}
	return layer.WriteFile(*originsPath, func(out io.Writer) error { return origin.Write(out, origins) })
}

func (r Readers) readPackage(path string) (origin.File, error) {
	file := origin.File{Extension: filepath.Ext(path)}
	read, known := r[file.Extension]
	if !known {
		return file, fmt.Errorf("%s: none of %s", path, strings.Join(slices.Sorted(maps.Keys(r)), ", "))
	}
	err := readFile(path, func(content io.Reader) (err error) {
		sum := sha256.New()
		content = io.TeeReader(content, sum)
		if file.Package, err = read(content, archive.DefaultLimits()); err != nil {
			return err
		}
		// A reader may end before the file does.
		_, err = io.Copy(io.Discard, content)
		file.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return err
	})
	return file, err
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
