// Command wrappercheck is the half of iptables_wrapper_structure_test that runs nothing of the image, and so works for
// every architecture: it reads an OCI layout directory and fails unless the wrapper is installed there.
//
// The layout is named by IMAGE, relative to the working directory, since Bazel gives tests variables rather than arguments.
package main

import (
	"fmt"
	"os"
)

func main() {
	image, err := open(os.Getenv("IMAGE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "wrappercheck:", err)
		os.Exit(1)
	}
	problems, err := check(image)
	if err != nil {
		fmt.Fprintln(os.Stderr, "wrappercheck:", err)
		os.Exit(1)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Println("the six names are links to a wrapper of the image's architecture, and both modes are beside it")
}
