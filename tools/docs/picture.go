package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// drawn returns the last line of a picture, with the checksum of its source. A test detects an outdated picture by this
// line, without Graphviz.
func drawn(text []byte) string {
	return fmt.Sprintf("<!-- of a text with the sha256 %x -->\n", sha256.Sum256(text))
}

// pictureOf returns the path of the picture of a source file.
func pictureOf(text string) string { return strings.TrimSuffix(text, ".dot") + ".svg" }

// draw renders a source file with the program in the directory dot, which the go command builds.
func draw(goCommand, dot, text string) error {
	data, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	// rules_go's go command is in this program's runfiles, and finds its own files through this variable. `bazel run`
	// sets only the working directory.
	runfiles, err := os.Getwd()
	if err != nil {
		return err
	}
	command, err := filepath.Abs(goCommand)
	if err != nil {
		return err
	}
	program := exec.Command(command, "run", "-C", dot, ".")
	program.Env = append(os.Environ(), "RUNFILES_DIR="+filepath.Dir(runfiles), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	var stderr bytes.Buffer
	program.Stdin, program.Stderr = bytes.NewReader(data), &stderr
	picture, err := program.Output()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", text, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return os.WriteFile(pictureOf(text), append(picture, drawn(data)...), 0o644)
}
