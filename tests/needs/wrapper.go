package needs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Wrapper returns the absolute path of the wrapper that the environment variable names. Without Bazel, if the variable is not
// set, Wrapper builds it.
func Wrapper(t testing.TB, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" && os.Getenv("TEST_TARGET") == "" {
		return Program(t, "wrapper/iptables-wrapper")
	}
	path, err := filepath.Abs(Variable(t, variable))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Program builds a program as Build does, into a directory of the test. It needs make and the go command.
func Program(t testing.TB, program string, settings ...string) (path string) {
	t.Helper()
	for _, name := range []string{"make", "go"} {
		if !has(name) {
			lack(t, "needs "+name+" to build "+program, "build it with Bazel")
		}
	}
	path, err := Build(t.TempDir(), program, settings...)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Build builds a program of this module, such as wrapper/iptables-wrapper, into dir with the checkout's Makefile, which is the
// only place with the flags of a plain Go build. settings are variables such as GOARCH=arm64.
func Build(dir, program string, settings ...string) (path string, err error) {
	checkout, err := checkout()
	if err != nil {
		return "", err
	}
	// Reading these files makes the go command run the test again, instead of using its cache, when one of them has
	// changed.
	err = filepath.WalkDir(filepath.Join(checkout, "wrapper"), func(string, fs.DirEntry, error) error { return nil })
	if err != nil {
		return "", err
	}
	command := exec.Command("make", append([]string{"--silent", "--directory", checkout, "program",
		"PROGRAM=" + program, "BIN_DIR=" + dir}, settings...)...)
	command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%q: %w\n%s", command.Args, err, out)
	}
	return filepath.Join(dir, filepath.Base(program)), nil
}

// checkout returns the directory with go.mod, which is above the directory in which the go command runs a test. In Bazel's
// runfiles, the symlink go.mod points into it.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if file, err := filepath.EvalSymlinks(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Dir(file), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
}
