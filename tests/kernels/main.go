// Command kernels runs the wrapper on Debian's kernels with selected netfilter modules, each in a separate virtual
// machine, in every state of a host. A cell of the matrix is one host with one container. Each cell is
// compared with the decision table of README.md.
//
// Usage: kernels [--pairs] [--only TEXT]... [--state TEXT]... --image GUEST,LAYER... --kernel FILE.tar...
//
// An image is defined by the program that is the guest's init, and the layers of an image with the wrapper installed,
// lowest first, all for one architecture. --image can be repeated. A kernel is an output of unpack. Each kernel is
// booted with every image that it can execute. All module sets, privileges and kinds of root are tested for an amd64
// image on an amd64 kernel. All other combinations are tested as a common host: both backends loaded, root with
// NET_ADMIN. The exit status is 1 if a cell is wrong.
//
// With --pairs it boots no kernel. It lists each pair of values of different dimensions (see dimension) with a cell that
// tests it. The exit status is 1 if no cell tests a pair.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/machine"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

func main() { machine.Main("kernels", run) }

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("kernels", flag.ContinueOnError)
	options := machine.AddFlags(flags, machine.Usage{
		Image:  "`GUEST,LAYER...`: the program that is the guest's init, and the image's layers, lowest first",
		Kernel: "`FILE` of a kernel",
		Only:   "`TEXT` that is part of a boot's name, as the progress shows it; can be repeated, and then any of them matches",
	})
	var stateNames []string
	flags.Func("state", "`TEXT` that is part of the name of a host's state; can be repeated, and then any of them matches", machine.Append(&stateNames))
	pairs := flags.Bool("pairs", false, "boot nothing: list each pair of values with a cell that tests it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	kernels, err := options.Kernels()
	if err != nil {
		return err
	}
	return withImages(options.Images, func(images []image) error {
		all, err := blocks(kernels, images)
		if err != nil {
			return err
		}
		var chosen []*block
		for _, b := range all {
			if machine.Selects(options.Only, b.name()) {
				chosen = append(chosen, b)
			}
		}
		if len(chosen) == 0 {
			return errors.New("no boot is selected: name kernels and images with --kernel and --image; --only must be part of a boot's name")
		}
		if *pairs {
			return writePairs(os.Stdout, chosen)
		}
		r := report{chosen, options.Skipped}
		if err := errors.Join(runAll(ctx, chosen, options.Jobs, func(state string) bool { return machine.Selects(stateNames, state) }), r.writeText(os.Stdout)); err != nil {
			return err
		}
		if all, right, _ := r.cells(); right != all {
			return errors.New("some cells are wrong: see above")
		}
		return nil
	})
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

// withImages unpacks the images and calls f with them. Each image can boot a guest that contains it.
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
