// Command docs writes the generated files in docs/: api.md, the reference of //:defs.bzl, from the docstrings that
// Bazel extracts, and an SVG of each picture in the language dot.
//
//	./bazelw run //docs:update
//
// Stardoc could render api.md, but each test of the page would need a JDK: 351 MB in Debian, which the air-gapped build omits.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Getenv("BUILD_WORKSPACE_DIRECTORY"), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(root string, args []string) error {
	if root == "" || len(args) != 2 {
		return errors.New("wrong arguments: run ./bazelw run //docs:update")
	}
	page, err := generate(args[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "api.md"), page, 0o644); err != nil {
		return err
	}
	texts, err := filepath.Glob(filepath.Join(root, "docs", "*.dot"))
	if err != nil {
		return err
	}
	for _, text := range texts {
		if err := draw(args[1], filepath.Join(root, "tools", "docs", "dot"), text); err != nil {
			return err
		}
	}
	return nil
}

// generate renders the page from the output of starlark_doc_extract.
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
