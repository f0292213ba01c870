// Package programs builds third-party programs for tests from Go modules that are separate from this repository's
// module, and so from Bazel. A kubelet or a scanner consists of a thousand packages, which must not be in the module
// graph of users.
package programs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Source describes how to build programs.
type Source struct {
	Go       string   // path of the go command
	Module   string   // path of a separate module's go.mod, beside its go.sum
	Main     string   // the module to which the programs belong
	Packages []string // import paths of the programs
	Cost     string   // time and disk space of a build, for messages
}

// Version returns the version of Main that the module requires.
func (s Source) Version() (string, error) {
	text, err := os.ReadFile(s.Module)
	if err != nil {
		return "", err
	}
	version := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(s.Main) + ` (v\S+)`).FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("%s: requires no %s", s.Module, s.Main)
	}
	return string(version[1]), nil
}

// Build returns the directory with the programs. It is in the user's cache, because a build takes minutes. Its name
// contains a hash of all inputs; Build removes the directories of other versions.
func (s Source) Build() (string, error) {
	version, err := s.Version()
	if err != nil {
		return "", err
	}
	directory, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	directory = filepath.Join(directory, "iptables-wrappers")
	if err := findRunfiles(); err != nil {
		return "", err
	}
	toolchain, err := output(s.Go, "version")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	io.WriteString(sum, toolchain)
	files := []string{s.Module, filepath.Join(filepath.Dir(s.Module), "go.sum")}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	name := filepath.Base(s.Main)
	built := filepath.Join(directory, fmt.Sprintf("%s-%s-%.6x", name, version, sum.Sum(nil)))
	if _, err := os.Stat(built); !errors.Is(err, fs.ErrNotExist) {
		return built, err
	}
	fmt.Fprintf(os.Stderr, "building %s %s (%s)\n", s.Main, version, s.Cost)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	old, err := filepath.Glob(filepath.Join(directory, name+"-*"))
	if err != nil {
		return "", err
	}
	if err := s.build(directory, files, built); err != nil {
		return "", err
	}
	for _, directory := range old {
		os.RemoveAll(directory)
	}
	return built, nil
}

// build copies the files into a new directory, because Bazel's copies are symlinks, and a go.work in a parent directory
// must not apply.
func (s Source) build(directory string, files []string, built string) error {
	work, err := os.MkdirTemp(directory, "build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, filepath.Base(file)), text, 0o644); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	args := []string{s.Go, "build", "-C", work, "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", "bin/"}
	if _, err := output("nice", append(args, s.Packages...)...); err != nil {
		return err
	}
	return os.Rename(filepath.Join(work, "bin"), built)
}

// findRunfiles sets the variable through which rules_go's go command in this program's runfiles finds its own files.
// `bazel run` starts this program in the main repository's runfiles directory, and does not set a variable with the directory
// of all runfiles.
func findRunfiles() error {
	if os.Getenv("BUILD_WORKSPACE_DIRECTORY") == "" || os.Getenv("RUNFILES_DIR") != "" {
		return nil
	}
	directory, err := os.Getwd()
	if err != nil {
		return err
	}
	return os.Setenv("RUNFILES_DIR", filepath.Dir(directory))
}

func output(name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}
