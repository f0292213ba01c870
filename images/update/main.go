// Command update writes what is said about images/distros.bzl outside of Bazel: images/distros.generated.json, which programs read, and
// the tables of images in README.md.
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

// update rewrites both files of the checkout at root, for a table that Bazel has just made.
func update(root, table string) error {
	text, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	distros, err := images.Read(table)
	if err != nil {
		return err
	}
	readme := filepath.Join(root, "README.md")
	page, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	if page, err = describe(page, distros, filepath.Join(root, "images")); err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	if err := os.WriteFile(readme, page, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "images", "distros.generated.json"), text, 0o644)
}
