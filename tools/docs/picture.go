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

// drawn is the line at the end of a picture that says which text it was made of: a test sees by it that another should be made, and
// needs no Graphviz.
func drawn(text []byte) string {
	return fmt.Sprintf("<!-- of a text with the sha256 %x -->\n", sha256.Sum256(text))
}

// pictureOf returns the path of a text's picture.
func pictureOf(text string) string { return strings.TrimSuffix(text, ".dot") + ".svg" }

// draw makes the picture of a text by the program in the folder dot, which the go command builds.
func draw(goCommand, dot, text string) error {
	data, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	// rules_go's command is in this program's runfiles, and finds its own by this: "bazel run" says only where it starts programs.
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
