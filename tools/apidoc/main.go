// Command apidoc writes docs/api.md, the reference of //:defs.bzl, from the docstrings there as Bazel extracts them.
//
//	./bazelw run //docs:update
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Getenv("BUILD_WORKSPACE_DIRECTORY"), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "apidoc:", err)
		os.Exit(1)
	}
}

func run(root string, args []string) error {
	if root == "" || len(args) != 1 {
		return errors.New("usage: ./bazelw run //docs:update")
	}
	page, err := generate(args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "api.md"), page, 0o644)
}

// generate makes the page of what starlark_doc_extract wrote.
func generate(extract string) ([]byte, error) {
	data, err := os.ReadFile(extract)
	if err != nil {
		return nil, err
	}
	module, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", extract, err)
	}
	return render(module)
}
