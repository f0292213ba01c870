// Command bench measures how much longer a call through the wrapper takes than a call of the mode's binary, for each
// mode and several numbers of rules. It compares this with the minimum for any program in between: a static Go program,
// and a few instructions of assembly, that only execute the binary. One run alternates between all kinds of call, so
// that other load on the machine affects all of them equally. It prints medians and ratios; with --svg it also draws
// them.
//
//	./bazelw run //tools/bench -- [--calls 200] [--rules 0,100000] [--svg FILE]
//
// Bazel adds a --layer FILE for each layer of the trixie image, which has the wrapper installed, and both floors. Needs
// root.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	calls := flag.Int("calls", 200, "calls of each kind")
	counts := flag.String("rules", "0,100000", "numbers of rules; there is a chain for every five")
	svg := flag.String("svg", "", "absolute path of a file to draw a chart in")
	goFloor := flag.String("go-floor", "", "program //tools/bench/floor")
	asmFloor := flag.String("asm-floor", "", "program //tools/bench/asmfloor")
	var layers []string
	flag.Func("layer", "layer of an image with the wrapper installed; repeated, lowest first", func(file string) error {
		layers = append(layers, file)
		return nil
	})
	flag.Parse()
	if len(layers) == 0 || *goFloor == "" || *asmFloor == "" || *calls < 1 || flag.NArg() > 0 {
		return errors.New("run it with Bazel: ./bazelw run //tools/bench -- [--calls N] [--rules N,N,...] [--svg FILE]")
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "image")
	if err := errors.Join(os.Mkdir(image, 0o755), node.Unpack(image, layers...)); err != nil {
		return err
	}
	var rows []row
	for _, mode := range []string{"nft", "legacy"} {
		for _, text := range strings.Split(*counts, ",") {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return fmt.Errorf("--rules %s: not numbers separated by commas", *counts)
			}
			r := row{mode: mode, rules: n}
			scratch, err := os.MkdirTemp(dir, mode) // a number can be repeated
			if err != nil {
				return err
			}
			err = node.Run(image, scratch, func(host *node.Node) error {
				if err := errors.Join(host.Add(*goFloor, "/floor"), host.Add(*asmFloor, "/asmfloor")); err != nil {
					return err
				}
				return r.measure(host, *calls)
			})
			if err != nil {
				return fmt.Errorf("%s, %d rules: %w", mode, n, err)
			}
			rows = append(rows, r)
		}
	}
	printTable(rows)
	if *svg == "" {
		return nil
	}
	return os.WriteFile(*svg, []byte(chart(rows)), 0o644)
}
