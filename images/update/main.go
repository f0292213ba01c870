// Command update writes the files that are generated from images/distros.bzl: images/distros.generated.json, which
// programs read, the tables of images in README.md, and the jobs of the releases in .github/workflows/ci.yaml.
//
//	./bazelw run //images:update
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

func main() {
	if err := run(os.Getenv("BUILD_WORKSPACE_DIRECTORY"), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "update:", err)
		os.Exit(1)
	}
}

func run(root string, args []string) error {
	if root == "" || len(args) != 1 {
		return errors.New("usage: ./bazelw run //images:update")
	}
	return update(root, args[0])
}

// update rewrites the files in the checkout at root. table is the path of the table that Bazel generated.
func update(root, table string) error {
	text, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	distros, err := images.Read(table)
	if err != nil {
		return err
	}
	rows, err := releases(distros, filepath.Join(root, "images"))
	if err != nil {
		return err
	}
	for name, edit := range map[string]func([]byte, []release) ([]byte, error){"README.md": describe, ".github/workflows/ci.yaml": matrix} {
		name = filepath.Join(root, name)
		page, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if page, err = edit(page, rows); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(name, page, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(root, "images", "distros.generated.json"), text, 0o644)
}
