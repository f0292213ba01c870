// Command layerlist prints what layers hold, as mtree text: type, mode, owner and link target of each path.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "layerlist:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("layerlist", flag.ContinueOnError)
	var only []string
	flags.Func("only", "`PATTERN` of paths to print, may be repeated; as in pkglayer's settings", func(pattern string) error {
		only = append(only, pattern)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	keep := func(name string) bool {
		return len(only) == 0 || slices.ContainsFunc(only, func(pattern string) bool { return layer.Match(pattern, name) })
	}
	for _, path := range flags.Args() {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		err = layer.List(os.Stdout, file, keep)
		file.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}
