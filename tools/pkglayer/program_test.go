package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary act as the program, with a umask that the test chooses, so that tests see its exit
// status and standard error.
func TestMain(m *testing.M) {
	switch os.Getenv("PKGLAYER_MAIN") {
	case "":
		os.Exit(m.Run())
	case "private":
		syscall.Umask(0o077)
	case "open":
		syscall.Umask(0)
	}
	main()
}

// layers runs the program on packages. It returns standard error and the files in the output directory, which was empty
// before.
func layers(t *testing.T, env []string, packages ...string) (stderr string, left []string, err error) {
	t.Helper()
	return run(t, env, nil, packages)
}

// run is layers with further flags, in which DIR stands for the output directory.
func run(t *testing.T, env, flags, packages []string) (stderr string, left []string, err error) {
	t.Helper()
	dir := t.TempDir()
	settings := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(settings, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	arguments := []string{"make", "--output", filepath.Join(dir, "layer.tar.gz"), "--settings", settings}
	for _, flag := range flags {
		arguments = append(arguments, strings.Replace(flag, "DIR", dir, 1))
	}
	command := exec.Command(self, append(arguments, packages...)...)
	command.Env = append(os.Environ(), append([]string{"PKGLAYER_MAIN=private"}, env...)...)
	command.Stderr = &text
	err = command.Run()
	names, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	for _, name := range names {
		left = append(left, filepath.Join(dir, name.Name()))
	}
	return text.String(), left, err
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused expects one line that contains want, exit status 1, and no output file.
func refused(t *testing.T, want string, packages ...string) {
	t.Helper()
	stderr, left, err := layers(t, nil, packages...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want status 1", err)
	}
	if !strings.HasPrefix(stderr, "pkglayer: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("said %q, want one line with %q", stderr, want)
	}
	if len(left) > 0 {
		t.Errorf("left %q", left)
	}
}
