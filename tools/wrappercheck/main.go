// Command wrappercheck is the half of iptables_wrapper_structure_test that runs nothing of the image, and so works for
// every architecture: it reads an OCI layout directory and fails unless the wrapper is installed there.
//
// The layout is named by IMAGE, relative to the working directory, since Bazel gives tests variables rather than arguments.
package main

import (
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
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

// open reads the one image of a layout directory.
func open(path string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, fmt.Errorf("%q: no OCI layout: %w", path, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 || !manifest.Manifests[0].MediaType.IsImage() {
		return nil, fmt.Errorf("%q: not one image: test the image of each platform by itself", path)
	}
	return index.Image(manifest.Manifests[0].Digest)
}
