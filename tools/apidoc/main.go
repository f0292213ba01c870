// Command apidoc writes docs/api.md, the reference of //:defs.bzl, from the docstrings there.
//
// It reads the Starlark source itself, and so needs neither Stardoc, which build farms without the Bazel Central Registry
// cannot have, nor the sources of the modules that defs.bzl loads.
//
//	bazel run //docs:update      or      go run ./tools/apidoc
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	// bazel run starts programs in their runfiles and names the checkout in this variable; go run starts them where one is.
	root := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	if root == "" {
		root = "."
	}
	if err := update(root); err != nil {
		fmt.Fprintln(os.Stderr, "apidoc:", err)
		os.Exit(1)
	}
}

func update(root string) error {
	page, err := generate(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "api.md"), page, 0o644)
}

// generate makes the page for the defs.bzl of the checkout at root.
func generate(root string) ([]byte, error) {
	api, err := readAPI(root)
	if err != nil {
		return nil, err
	}
	return render(api), nil
}
