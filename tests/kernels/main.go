// Command kernels runs the wrapper on Debian's kernels with chosen netfilter modules, each in a virtual machine of its own,
// in every state that a host can be in, and compares each cell of the matrix with the contract.
//
// Usage: kernels [--svg FILE] [--only TEXT]... --guest PROGRAM --layer LAYER... --kernel FILE.tar...
//
// The layers are those of an image with the wrapper installed, lowest first. A kernel is what unpack made of Debian's
// packages. The exit status is 1 if a cell is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return // the flags are printed already
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("kernels", flag.ContinueOnError)
	var layers, kernelFiles, only []string
	list := func(to *[]string) func(string) error {
		return func(value string) error {
			*to = append(*to, value)
			return nil
		}
	}
	flags.Func("layer", "`FILE` of a layer of the image, lowest first", list(&layers))
	flags.Func("kernel", "`FILE` of a kernel", list(&kernelFiles))
	guest := flags.String("guest", "", "`PROGRAM` that is the guest's init")
	svg := flags.String("svg", "", "`FILE` for a picture of the matrix")
	flags.Func("only", "`TEXT` that the name of a boot's kernel or modules has; given again, any of them", list(&only))
	if err := flags.Parse(args); err != nil {
		return err
	}
	var kernels []*kernel.Kernel
	for _, name := range kernelFiles {
		k, err := kernel.Read(name)
		if err != nil {
			return err
		}
		kernels = append(kernels, k)
	}
	var chosen []*block
	for _, b := range blocks(kernels, moduleSets()) {
		named := func(text string) bool { return strings.Contains(b.kernel.Release+" "+b.modules.name, text) }
		if len(only) == 0 || slices.ContainsFunc(only, named) {
			chosen = append(chosen, b)
		}
	}
	if len(chosen) == 0 {
		return errors.New("no boot is chosen: name kernels with --kernel, and what --only names must be part of a boot's name")
	}
	r := report{chosen}
	began := time.Now()
	err := withMachine(*guest, layers, func(v machine) error {
		return v.runAll(ctx, chosen, runtime.NumCPU(), func(b *block) {
			fmt.Fprintf(os.Stderr, "%4.0f s  Linux %s, %s: %s\n", time.Since(began).Seconds(), b.kernel.Release, b.modules.name, report{[]*block{b}}.summary())
		})
	})
	if err := errors.Join(err, r.writeText(os.Stdout)); err != nil {
		return err
	}
	if *svg != "" {
		if err := os.WriteFile(fromUser(*svg), []byte(r.svg()), 0o644); err != nil {
			return err
		}
	}
	if all, right, _ := r.cells(); right != all {
		return errors.New("not all cells are right")
	}
	return nil
}

// withMachine unpacks the image and calls f with what boots guests.
func withMachine(guest string, layers []string, f func(machine) error) error {
	if _, err := exec.LookPath(qemu); err != nil {
		return fmt.Errorf("%s: not in PATH: install Debian's package qemu-system-x86", qemu)
	}
	dir, err := os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "kernels")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "image")
	if err := os.Mkdir(image, 0o755); err != nil {
		return err
	}
	if err := node.Unpack(image, layers...); err != nil {
		return err
	}
	return f(machine{guest: guest, image: image, dir: dir})
}

// fromUser is a path as the user meant it: bazel run starts programs elsewhere, and says in this variable where they are.
func fromUser(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(os.Getenv("BUILD_WORKING_DIRECTORY"), path)
}
