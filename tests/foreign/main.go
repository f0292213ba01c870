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
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return // the flags are printed already
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "foreign:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("foreign", flag.ContinueOnError)
	var guests, kernels, images, only []string
	list := func(to *[]string) func(string) error {
		return func(value string) error {
			*to = append(*to, value)
			return nil
		}
	}
	flags.Func("guest", "`PROGRAM` that is the init of a guest; one of each architecture", list(&guests))
	flags.Func("kernel", "`FILE` of a kernel; one of each architecture", list(&kernels))
	flags.Func("image", "`LAYOUT,CONFIG...`: an OCI layout directory, and the configurations of its command tests", list(&images))
	flags.Func("only", "`TEXT` that is part of an image's name, such as trixie_s390x; given again, any of them", list(&only))
	jobs := flags.Int("jobs", runtime.NumCPU(), "`NUMBER` of guests at a time")
	skipped := map[string]string{}
	flags.Func("skipped", "`NAME=REASON` of an architecture that cannot be tested, to be listed", func(value string) error {
		name, reason, _ := strings.Cut(value, "=")
		skipped[name] = reason
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(only) > 0 {
		images = slices.DeleteFunc(images, func(spec string) bool {
			layout, _, _ := strings.Cut(spec, ",")
			return !slices.ContainsFunc(only, func(text string) bool { return strings.Contains(nameOf(layout), text) })
		})
	}
	if len(images) == 0 {
		return errors.New("no image is chosen: --only must be part of the name of an --image")
	}
	boots, err := plans(guests, kernels, images)
	if err != nil {
		return err
	}
	failed := runAll(ctx, boots, *jobs)
	return errors.Join(failed, writeTable(os.Stdout, boots, skipped))
}
