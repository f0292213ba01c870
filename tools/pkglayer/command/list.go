package command

import (
	"errors"
	"flag"
	"io"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// list prints the contents of a layer as mtree text: type, mode, owner and symlink target of each path.
func list(args []string) error {
	flags := flag.NewFlagSet("pkglayer list", flag.ContinueOnError)
	var only []string
	flags.Func("only", "`PATTERN` of paths to print, may be repeated; as in the settings of make", func(pattern string) error {
		only = append(only, pattern)
		return nil
	})
	output := flags.String("output", "", "the `FILE` to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || flags.NArg() != 1 {
		return errors.New("usage: pkglayer list --output FILE [--only PATTERN]... LAYER")
	}
	keep := func(name string) bool {
		return len(only) == 0 || slices.ContainsFunc(only, func(pattern string) bool { return layer.Match(pattern, name) })
	}
	return readFile(flags.Arg(0), func(content io.Reader) error {
		return layer.WriteFile(*output, func(out io.Writer) error { return layer.List(out, content, keep) })
	})
}
