// Command kernels runs the wrapper on Debian's kernels with chosen netfilter modules, each in a virtual machine of its own,
// in every state that a host can be in, and compares each cell of the matrix with the contract.
//
// Usage: kernels [--svg FILE] [--only TEXT]... [--state TEXT]... --image GUEST,LAYER... --kernel FILE.tar...
//
// An image is named by the program that is the guest's init, and by the layers of an image with the wrapper installed, lowest first,
// all of one architecture; --image can be repeated. A kernel is what unpack made of Debian's packages. Each kernel is booted with
// every image that it can execute. With an image for amd64 on a kernel of amd64 all module sets, privileges and kinds of root are
// tested, and otherwise those of a common host: both backends loaded, root with NET_ADMIN. The exit status is 1 if a cell is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/machine"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
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
	var images, kernelFiles, only, stateNames []string
	list := func(to *[]string) func(string) error {
		return func(value string) error {
			*to = append(*to, value)
			return nil
		}
	}
	flags.Func("image", "`GUEST,LAYER...`: the program that is the guest's init, and the image's layers, lowest first", list(&images))
	flags.Func("kernel", "`FILE` of a kernel", list(&kernelFiles))
	svg := flags.String("svg", "", "`FILE` for a picture of the matrix")
	jobs := flags.Int("jobs", runtime.NumCPU(), "`NUMBER` of guests at a time")
	flags.Func("only", "`TEXT` that is part of a boot's name, as the progress shows it; given again, any of them", list(&only))
	flags.Func("state", "`TEXT` that is part of the name of a host's state; given again, any of them", list(&stateNames))
	skipped := map[string]string{}
	flags.Func("skipped", "`NAME=REASON` of an architecture that cannot be tested here, to be listed", func(value string) error {
		name, reason, _ := strings.Cut(value, "=")
		skipped[name] = reason
		return nil
	})
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
	return withImages(images, func(images []image) error {
		all, err := blocks(kernels, images)
		if err != nil {
			return err
		}
		var chosen []*block
		for _, b := range all {
			if chooses(only, b.name()) {
				chosen = append(chosen, b)
			}
		}
		if len(chosen) == 0 {
			return errors.New("no boot is chosen: name kernels with --kernel and --image, and what --only names must be part of a boot's name")
		}
		r := report{chosen, skipped}
		if err := errors.Join(runAll(ctx, chosen, *jobs, func(state string) bool { return chooses(stateNames, state) }), r.writeText(os.Stdout)); err != nil {
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
	})
}

// chooses reports whether a name contains one of the texts, or there are none.
func chooses(texts []string, name string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(name, text) })
}

// image is a container image and what carries out plans with it, of one architecture.
type image struct {
	architecture kernel.Architecture
	guest        string // the program
	files        string // directory with the image's files
	dir          string // for temporary files
}

// machine returns the guest that contains the image.
func (v image) machine() machine.Guest {
	return machine.Guest{Program: v.guest, Dir: v.dir, Files: func(a *machine.Archive) error {
		return a.Tree(v.files, "image", "usr/share") // no program is in /usr/share
	}}
}

// withImages unpacks the images and calls f with what boots guests with them.
func withImages(specs []string, f func([]image) error) error {
	dir, err := os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "kernels")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var images []image
	for i, spec := range specs {
		words := strings.Split(spec, ",")
		v := image{guest: words[0], files: filepath.Join(dir, fmt.Sprint("image", i)), dir: dir}
		if err := os.Mkdir(v.files, 0o755); err != nil {
			return err
		}
		if err := node.Unpack(v.files, words[1:]...); err != nil {
			return err
		}
		if v.architecture, err = kernel.ArchitectureOfFile(v.guest); err != nil {
			return err
		}
		installed, err := kernel.ArchitectureOfFile(filepath.Join(v.files, "usr/sbin", plan.Wrapper))
		if err != nil {
			return err
		}
		if installed != v.architecture {
			return fmt.Errorf("--image %s: the guest is for %s, the image for %s", spec, v.architecture, installed)
		}
		images = append(images, v)
	}
	return f(images)
}

// fromUser is a path as the user meant it: bazel run starts programs elsewhere, and says in this variable where they are.
func fromUser(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(os.Getenv("BUILD_WORKING_DIRECTORY"), path)
}
