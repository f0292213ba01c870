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
	output := flags.String("output", "", "the `FILE` to write; standard output if there is none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	out := os.Stdout
	if *output != "" {
		var err error
		if out, err = os.Create(*output); err != nil {
			return err
		}
		defer out.Close()
	}
	keep := func(name string) bool {
		return len(only) == 0 || slices.ContainsFunc(only, func(pattern string) bool { return layer.Match(pattern, name) })
	}
	for _, path := range flags.Args() {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		err = layer.List(out, file, keep)
		file.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return out.Close()
}
