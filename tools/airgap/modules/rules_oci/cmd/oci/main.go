// Command oci is what the rules of this module run: image, index and digest build, archive packs, load is run by a person
// through `bazel run`. Push is a command of its own.
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
