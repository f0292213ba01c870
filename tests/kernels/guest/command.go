package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
)

// unpacked is the root file system of the image of plan.Command.
const unpacked = scratch + "unpacked"

// layout is the image that is unpacked.
var layout string

// unpack unpacks an image in place of the image before it. The cells of one image are next to each other in the plan, so
// each image is unpacked only once.
func unpack(name string) error {
	if name == layout {
		return nil
	}
	layout = ""
	if err := os.RemoveAll(unpacked); err != nil {
		return err
	}
	if err := os.Mkdir(unpacked, 0o755); err != nil {
		return err
	}
	l, err := imagetree.Open(name)
	if err != nil {
		return err
	}
	if err := imagetree.Unpack(unpacked, imagetree.Limits(l.Size()), l.Apply); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	for _, dir := range []string{"dev", "proc", "sys"} {
		if err := os.MkdirAll(filepath.Join(unpacked, dir), 0o755); err != nil {
			return err
		}
	}
	// Those of a container engine (OCI runtime specification, "Default Devices"), without terminals.
	for device, number := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		if err := unix.Mknod(filepath.Join(unpacked, "dev", device), unix.S_IFCHR|0o666, int(unix.Mkdev(1, number))); err != nil {
			return fmt.Errorf("make /dev/%s: %w", device, err)
		}
	}
	layout = name
	return nil
}

// execute executes a command of the image.
func (c *container) execute(command plan.Command) (plan.Run, error) {
	program, err := c.find(command)
	if err != nil {
		return plan.Run{}, err
	}
	return c.run(program, plan.Call{Argv: command.Argv}, command.Env...)
}

// find searches the command in PATH, inside the container's root: symlinks must not lead out of it.
func (c *container) find(command plan.Command) (string, error) {
	name := command.Argv[0]
	if strings.Contains(name, "/") {
		return name, nil
	}
	root, err := unix.Open(c.root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(root)
	for _, variable := range command.Env {
		list, is := strings.CutPrefix(variable, "PATH=")
		if !is {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			candidate := path.Join(dir, name)
			file, err := unix.Openat2(root, candidate, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
			if err == nil {
				return candidate, unix.Close(file)
			}
			if !errors.Is(err, unix.ENOENT) {
				return "", fmt.Errorf("%s: %w", candidate, err)
			}
		}
	}
	return "", fmt.Errorf("%s: not in the image's PATH", name)
}
