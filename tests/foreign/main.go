// Command foreign executes the command tests of images of other architectures (images/*/testdata/*commands.yaml): for each architecture
// it boots Debian's kernel once in QEMU, with all images of the architecture in the guest.
//
// Usage: foreign [--only TEXT]... [--skipped NAME=REASON]... --guest PROGRAM... --kernel FILE.tar... --image LAYOUT,CONFIG...
//
// An image is an OCI layout directory with the configurations of container-structure-test that name its commands. Guests and kernels are
// those of tests/kernels. A command gets a root file system over the image and a network namespace as from a container engine, and
// Docker's default capabilities or those that the configuration names. No seccomp profile limits it, and /proc is not masked: the test
// of the host's architecture, which runc executes, covers both. The exit status is 1 if a command test fails.
package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/machine"
)

func main() { machine.Main("foreign", run) }

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("foreign", flag.ContinueOnError)
	options := machine.AddFlags(flags, machine.Usage{
		Image:  "`LAYOUT,CONFIG...`: an OCI layout directory, and the configurations of its command tests",
		Kernel: "`FILE` of a kernel; one of each architecture",
		Only:   "`TEXT` that is part of an image's name, such as trixie_s390x; given again, any of them",
	})
	var guests []string
	flags.Func("guest", "`PROGRAM` that is the init of a guest; one of each architecture", machine.Append(&guests))
	if err := flags.Parse(args); err != nil {
		return err
	}
	images := slices.DeleteFunc(options.Images, func(spec string) bool {
		layout, _, _ := strings.Cut(spec, ",")
		return !machine.Selects(options.Only, nameOf(layout))
	})
	if len(images) == 0 {
		return errors.New("no image is chosen: --only must be part of the name of an --image")
	}
	kernels, err := options.Kernels()
	if err != nil {
		return err
	}
	boots, err := plans(guests, kernels, images)
	if err != nil {
		return err
	}
	failed := runAll(ctx, boots, options.Jobs)
	return errors.Join(failed, writeTable(os.Stdout, boots, options.Skipped))
}
