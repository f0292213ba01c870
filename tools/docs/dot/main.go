// Command dot renders a graph in the language dot, from standard input, as SVG. Graphviz renders a little differently
// on each machine. This module contains it as WebAssembly, so that the picture is the same on every machine.
//
// It is a separate module, which only //docs:update builds: no test and no user of this repository's module needs it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-graphviz"
)

func main() {
	if err := render(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "dot:", err)
		os.Exit(1)
	}
}

func render(ctx context.Context, in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	graph, err := graphviz.ParseBytes(text)
	if err != nil {
		return err
	}
	program, err := graphviz.New(ctx)
	if err != nil {
		return err
	}
	return program.Render(ctx, graph, graphviz.SVG, out)
}
