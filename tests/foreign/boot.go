package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/machine"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// boot is one guest with all images of an architecture.
type boot struct {
	architecture kernel.Architecture
	guest        string
	kernel       *kernel.Kernel
	images       []*image
	results      []plan.Result // of the tests of all images, in their order
	took         time.Duration
}

// plans returns the boots of all images. An image without a guest or a kernel is an error.
func plans(guests []string, kernels []*kernel.Kernel, specs []string) ([]*boot, error) {
	boots := map[kernel.Architecture]*boot{}
	for _, spec := range specs {
		v, err := readImage(spec)
		if err != nil {
			return nil, err
		}
		if boots[v.architecture] == nil {
			boots[v.architecture] = &boot{architecture: v.architecture}
		}
		boots[v.architecture].images = append(boots[v.architecture].images, v)
	}
	for _, name := range guests {
		a, err := kernel.ArchitectureOfFile(name)
		if err != nil {
			return nil, err
		}
		if b := boots[a]; b != nil {
			b.guest = name
		}
	}
	for _, k := range kernels {
		a, err := k.Architecture()
		if err != nil {
			return nil, err
		}
		if b := boots[a]; b != nil {
			b.kernel = k
		}
	}
	for a, b := range boots {
		if b.guest == "" || b.kernel == nil {
			return nil, fmt.Errorf("%s: no guest or no kernel for %s: name both with --guest and --kernel", b.images[0].name, a)
		}
	}
	return slices.SortedFunc(maps.Values(boots), func(x, y *boot) int { return cmp.Compare(x.architecture, y.architecture) }), nil
}

// runAll boots several guests at a time. A guest that ends early is an error.
func runAll(ctx context.Context, boots []*boot, jobs int) error {
	free := make(chan struct{}, max(jobs, 1))
	errs := make([]error, len(boots))
	var running sync.WaitGroup
	for i, b := range boots {
		running.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			if err := b.run(ctx); err != nil {
				errs[i] = fmt.Errorf("%s, Linux %s: %w", b.architecture, b.kernel.Release, err)
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

func (b *boot) run(ctx context.Context) error {
	dir, err := os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "foreign")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Both backends are loaded, as on a host that has used both.
	p := plan.Plan{Load: []string{"nf_tables", "nft_compat", "iptable_filter", "iptable_mangle", "ip6table_filter", "ip6table_mangle"}}
	last := map[int]string{} // number of the last test of an image
	for _, v := range b.images {
		p.Cells = append(p.Cells, v.cells...)
		last[len(p.Cells)] = v.name
	}
	began := time.Now()
	defer func() { b.took = time.Since(began) }()
	guest := machine.Guest{Program: b.guest, Dir: dir, Files: func(a *machine.Archive) error { return addImages(a, b.images) }}
	_, err = guest.Boot(ctx, b.kernel, b.kernel.Modules, p, func(r plan.Result) {
		b.results = append(b.results, r)
		if name, is := last[len(b.results)]; is {
			fmt.Fprintf(os.Stderr, "%4.0f s  %s: executed, %d of %d commands done\n", time.Since(began).Seconds(), name, len(b.results), len(p.Cells))
		}
	})
	return err
}

// writeTable writes one line for each image, with its errors. It returns an error if a command test failed.
func writeTable(out io.Writer, boots []*boot, skipped map[string]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "architecture\tLinux\timage\tpassed\tof")
	var wrong []string
	passed, all := 0, 0
	for _, b := range boots {
		rest := b.results
		for _, v := range b.images {
			right := 0
			for _, t := range v.tests {
				problems := []string{"not executed"}
				if len(rest) > 0 {
					problems, rest = judge(t, rest[0]), rest[1:]
				}
				for _, problem := range problems {
					wrong = append(wrong, fmt.Sprintf("WRONG: %s: %s: %s", v.name, t.Name, problem))
				}
				if len(problems) == 0 {
					right++
				}
			}
			passed, all = passed+right, all+len(v.tests)
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", b.architecture, b.kernel.Release, v.name, right, len(v.tests))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, b := range boots {
		fmt.Fprintf(out, "%s: %.0f s\n", b.architecture, b.took.Seconds())
	}
	for _, name := range slices.Sorted(maps.Keys(skipped)) {
		fmt.Fprintf(out, "not tested: %s: %s\n", name, skipped[name])
	}
	for _, line := range wrong {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "%d of %d command tests passed\n", passed, all)
	if passed != all {
		return errors.New("not all command tests passed")
	}
	return nil
}
