package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// checkout is a clone of the user's checkout, with a separate Bazel server and output base.
type checkout struct {
	scratch string
	dir     string
	env     []string
}

// clone clones the committed files of another checkout to a directory below scratch.
func clone(from, scratch string) (*checkout, error) {
	c := &checkout{scratch: scratch, dir: filepath.Join(scratch, "checkout")}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		// With these variables, Bazel would assume that another Bazel runs it.
		if !strings.HasPrefix(name, "BAZEL") && !strings.HasPrefix(name, "BUILD_") && !strings.HasPrefix(name, "RUNFILES_") && !strings.HasPrefix(name, "TEST_") {
			c.env = append(c.env, variable)
		}
	}
	// Use the Bazel in PATH, without the air-gapped way. It is the Bazel that runs this program. In a sandbox of the
	// air-gapped way, it is the sandbox's.
	c.env = append(c.env, "AIRGAP=0")
	if out, err := c.command(scratch, "git", "clone", "--quiet", from, c.dir); err != nil {
		return nil, fmt.Errorf("git clone: %w\n%s", err, out)
	}
	settings := "startup --output_base=" + filepath.Join(scratch, "output") + " --max_idle_secs=120\n" +
		"common --noshow_progress --color=no --curses=no\n"
	return c, os.WriteFile(filepath.Join(c.dir, ".bazelrc.user"), []byte(settings), 0o644)
}

func (c *checkout) command(dir, program string, args ...string) (string, error) {
	command := exec.Command(program, args...)
	command.Dir = dir
	command.Env = c.env
	out, err := command.CombinedOutput()
	return string(out), err
}

// bazelw runs ./bazelw as a user does, and returns its whole output.
func (c *checkout) bazelw(args ...string) (string, error) {
	out, err := c.command(c.dir, "./bazelw", args...)
	if err != nil {
		err = fmt.Errorf("./bazelw %s: %w", strings.Join(args, " "), err)
	}
	return out, err
}

// must runs bazelw. Any failure is an error.
func (c *checkout) must(args ...string) (string, error) {
	out, err := c.bazelw(args...)
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return out, nil
}

func (c *checkout) git(args ...string) (string, error) {
	out, err := c.command(c.dir, "git", args...)
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return out, nil
}

// remove ends the server and removes everything. Only Bazel can remove its own files, which are not writable.
func (c *checkout) remove() error {
	_, err := c.must("clean", "--expunge")
	return errors.Join(err, os.RemoveAll(c.scratch))
}
