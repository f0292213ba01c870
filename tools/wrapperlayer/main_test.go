package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// TestMain lets the test binary act as the program, with an environment and umask that the test chooses.
func TestMain(m *testing.M) {
	switch os.Getenv("WRAPPERLAYER_MAIN") {
	case "":
		os.Exit(m.Run())
	case "private":
		syscall.Umask(0o077)
	case "open":
		syscall.Umask(0)
	}
	main()
}

// start runs the program on a base. Afterwards, the output directory must contain the layer only, or be empty.
func start(t *testing.T, base string, env ...string) (data []byte, stderr string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, temporary := t.TempDir(), t.TempDir()
	var text bytes.Buffer
	command := exec.Command(self, "--output", filepath.Join(dir, "layer.tar.gz"), "--wrapper", needs.Variable(t, "WRAPPER"), "--base", base)
	command.Env = append(os.Environ(), append([]string{"WRAPPERLAYER_MAIN=private", "TMPDIR=" + temporary}, env...)...)
	command.Stderr = &text
	err = command.Run()
	left, globErr := filepath.Glob(filepath.Join(temporary, "*"))
	if globErr != nil || len(left) > 0 {
		t.Errorf("left behind: %q (%v)", left, globErr)
	}
	names, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if err != nil {
		if len(names) > 0 {
			t.Errorf("failed, but wrote %v", names)
		}
		return nil, text.String(), err
	}
	data, readErr = os.ReadFile(filepath.Join(dir, "layer.tar.gz"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	return data, text.String(), nil
}
