package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// contents is the file that tools/release/release.bzl writes: the paths of everything that Bazel built for a release. They are
// relative to the runfiles.
type contents struct {
	Version  string            `json:"version"`
	Programs map[string]string `json:"programs"` // by GOARCH
	// DistroPackages are the wrapper's own packages, by GOARCH.FORMAT.
	DistroPackages map[string]string `json:"distro_packages"`

	Packages  []string          `json:"packages"` // import paths of the linked packages, without the standard library
	Installer string            `json:"installer"`
	Distros   string            `json:"distros"`
	Modules   string            `json:"modules"` // go.mod
	Locks     map[string]string `json:"locks"`   // by DISTRO/RELEASE
	Origins   map[string]string `json:"origins"` // of packages, by DISTRO/VARIANT/RELEASE/ARCHITECTURE
	Images    []struct {
		Name   string `json:"name"` // DISTRO/VARIANT/RELEASE
		Layout string `json:"layout"`
	} `json:"images"`
}

// unreleased is the version of a build without a version setting.
const unreleased = "devel"

func readContents(path string) (*contents, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &contents{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for arch, program := range c.Programs {
		if err := c.checkProgram(arch, program); err != nil {
			return nil, fmt.Errorf("the wrapper for %s: %w", arch, err)
		}
	}
	return c, nil
}

// moduleVersion returns the version as the Bazel Central Registry writes it.
func (c *contents) moduleVersion() string {
	if c.Version == unreleased {
		return "0.0.0"
	}
	return strings.TrimPrefix(c.Version, "v")
}

// prerelease reports whether the version is a pre-release. Then tags without a version do not move.
func (c *contents) prerelease() bool {
	return c.Version == unreleased || strings.Contains(c.Version, "-")
}

// checkProgram checks the version in a binary. It runs the binary if this machine can, and otherwise searches the binary for
// the version.
func (c *contents) checkProgram(arch, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(c.Version)) {
		return fmt.Errorf("%s: version %s is not in it: build with --//wrapper:version=%s", path, c.Version, c.Version)
	}
	if runtime.GOOS != "linux" || arch != runtime.GOARCH {
		return nil
	}
	command := &exec.Cmd{Path: path, Args: []string{"iptables-wrapper", "version"}}
	said, err := command.Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", path, err)
	}
	if want := "iptables-wrapper " + c.Version + "\n"; string(said) != want {
		return fmt.Errorf("%s version: says %q, want %q", path, said, want)
	}
	return nil
}

// splitName splits an image's name.
func splitName(name string) (distro, variant, release string, err error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return "", "", "", fmt.Errorf("image %q: must be DISTRO/VARIANT/RELEASE", name)
	}
	return parts[0], parts[1], parts[2], nil
}

// within returns the path relative to the user's directory. bazel run starts programs in their runfiles, and passes that
// directory in a variable.
func within(path string) string {
	if dir := os.Getenv("BUILD_WORKING_DIRECTORY"); dir != "" && path != "" && !filepath.IsAbs(path) {
		return filepath.Join(dir, path)
	}
	return path
}
