// Command oci implements the rules of this module. Builds run image, index, digest and archive; users run load through
// `bazel run`. Push is a separate command.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(args []string) error{
		"image":   buildImage,
		"index":   buildIndex,
		"digest":  writeDigest,
		"archive": writeArchive,
		"load":    load,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: oci image|index|digest|archive|load ...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "oci %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
