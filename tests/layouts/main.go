// Command layouts makes one package (.deb, .apk or .rpm) of a layout from the files of Debian's packages.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "layouts:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("layouts", flag.ContinueOnError)
	output := flags.String("output", "", "the package to write, a `FILE` that ends in .deb, .apk or .rpm")
	specFile := flags.String("spec", "", "what the package is, a JSON `FILE`: a Spec of tools/fixture")
	add := map[string]string{}
	flags.Func("add", "`PATH=FILE`: a file to put at that path of the package; may be repeated", func(value string) error {
		name, file, found := strings.Cut(value, "=")
		if !found {
			return errors.New("not PATH=FILE")
		}
		text, err := os.ReadFile(file)
		add[name] = string(text)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || *specFile == "" || flags.NArg() == 0 {
		return errors.New("usage: layouts --output FILE --spec FILE [--add PATH=FILE]... DEB...")
	}
	text, err := os.ReadFile(*specFile)
	if err != nil {
		return err
	}
	spec := fixture.Spec{Texts: map[string]string{}}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&spec); err != nil {
		return fmt.Errorf("%s: %w", *specFile, err)
	}
	maps.Copy(spec.Texts, add)
	data, err := pack(spec, flags.Args(), strings.TrimPrefix(filepath.Ext(*output), "."))
	if err != nil {
		return fmt.Errorf("package %s: %w", spec.Name, err)
	}
	return os.WriteFile(*output, data, 0o644)
}

func pack(spec fixture.Spec, debs []string, format string) ([]byte, error) {
	from, err := fixture.ReadSources(debs)
	if err != nil {
		return nil, err
	}
	made, err := spec.Package(from, format)
	if err != nil {
		return nil, err
	}
	switch format {
	case "apk":
		return made.APK(nil)
	case "rpm":
		return made.RPM(nil)
	default:
		return made.Deb()
	}
}
