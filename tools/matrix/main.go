// Command matrix writes what is said about images/distros.bzl outside of Bazel: images/matrix.json, from which the
// workflows make releases and new locks, and the table of images in README.md.
//
//	bazel run //images:update      or      go run ./tools/matrix
package main

import (
	"bytes"
	"encoding/json"
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
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

// update rewrites both files of the checkout at root.
func update(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns what the files of the checkout at root should contain, by name.
func generate(root string) (map[string][]byte, error) {
	rows, err := readRows(root)
	if err != nil {
		return nil, err
	}
	matrix, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return nil, err
	}
	const readme = "README.md"
	page, err := os.ReadFile(filepath.Join(root, readme))
	if err != nil {
		return nil, err
	}
	page, err = replaceTable(page, table(rows))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", readme, err)
	}
	return map[string][]byte{
		"images/matrix.json": append(matrix, '\n'),
		readme:               page,
	}, nil
}

// replaceTable puts table between the two markers of page.
func replaceTable(page, table []byte) ([]byte, error) {
	begin := bytes.Index(page, []byte("<!-- distros:begin"))
	end := bytes.Index(page, []byte("<!-- distros:end -->"))
	if begin < 0 || end < begin {
		return nil, fmt.Errorf("no line <!-- distros:begin ... --> with <!-- distros:end --> below it")
	}
	begin += bytes.IndexByte(page[begin:], '\n') + 1
	return bytes.Join([][]byte{page[:begin], table, page[end:]}, nil), nil
}
