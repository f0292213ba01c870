// Command wrappercheck is the part of iptables_wrapper_structure_test that executes no file of the image, so it works
// for every architecture. It reads OCI layout directories and fails unless the wrapper is installed in each.
//
// IMAGES contains the layouts, one a line, relative to the working directory: Bazel passes variables to tests rather
// than arguments. NFT_ONLY=1 means that the images intentionally have no legacy variant.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

func main() {
	images := strings.Split(os.Getenv("IMAGES"), "\n")
	modes, nftOnly := "both modes are", os.Getenv("NFT_ONLY") == "1"
	if nftOnly {
		modes = "nft alone is"
	}
	good := true
	for _, dir := range images {
		problems, err := check(dir, nftOnly)
		if err != nil {
			fmt.Fprintf(os.Stderr, "wrappercheck: %s: %s\n", dir, archive.Printable(err.Error()))
		}
		for _, problem := range problems {
			fmt.Printf("%s: %s\n", dir, archive.Printable(problem))
		}
		good = good && err == nil && len(problems) == 0
	}
	if !good {
		os.Exit(1)
	}
	fmt.Printf("in %d images, the six names are links to a wrapper of the image's architecture, and %s beside it\n", len(images), modes)
}
