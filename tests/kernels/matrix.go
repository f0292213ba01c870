package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// block is one boot, with all its cells: a kernel with a set of modules, and an image.
type block struct {
	kernel  *kernel.Kernel
	machine kernel.Architecture // the kernel's architecture
	image   image
	modules moduleSet
	keys    []key
	results []plan.Result
	judged  map[key]verdict
	took    time.Duration
	cpu     time.Duration // processor time of the emulation
}

// name returns the name of a boot; --only selects boots by a part of it.
func (b *block) name() string {
	return fmt.Sprintf("Linux %s, %s, %s", b.kernel.Release, b.machine, b.column())
}

// column returns what differs between the boots of one kernel.
func (b *block) column() string {
	if b.image.architecture == b.machine {
		return b.modules.name
	}
	return fmt.Sprintf("%s, %s binaries", b.modules.name, b.image.architecture)
}

// full returns true if every cell is tested, not only those of a common host.
func (b *block) full() bool { return b.image.architecture == "amd64" }

// blocks returns all boots of these kernels with these images.
func blocks(kernels []*kernel.Kernel, images []image) ([]*block, error) {
	var all []*block
	for _, k := range kernels {
		machine, err := k.Architecture()
		if err != nil {
			return nil, err
		}
		for _, v := range images {
			if !machine.Runs(v.architecture) {
				continue
			}
			for _, m := range moduleSets() {
				if b := (&block{kernel: k, machine: machine, image: v, modules: m}); b.full() || m.common {
					all = append(all, b)
				}
			}
		}
	}
	return all, nil
}

// runAll boots several guests at a time, with the wanted states, and prints the result of each to standard error. It
// returns an error if a guest could not be run.
func runAll(ctx context.Context, all []*block, jobs int, wanted func(state string) bool) error {
	todo := make(chan *block)
	var running sync.WaitGroup
	var lock sync.Mutex
	var failed error
	for range jobs {
		running.Go(func() {
			for b := range todo {
				began := time.Now()
				err := b.run(ctx, wanted)
				b.took = time.Since(began)
				lock.Lock()
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("%s: %w", b.name(), err))
				} else {
					fmt.Fprintf(os.Stderr, "%4.0f s  %s: %s\n", b.took.Seconds(), b.name(), report{blocks: []*block{b}}.summary())
				}
				lock.Unlock()
			}
		})
	}
	for _, b := range all {
		if ctx.Err() == nil {
			todo <- b
		}
	}
	close(todo)
	running.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	return failed
}

func (b *block) run(ctx context.Context, wanted func(state string) bool) error {
	cells, keys := b.modules.cells(b.full(), wanted)
	exist := b.kernel.Modules.Without(b.modules.lacks)
	var results []plan.Result
	var err error
	b.cpu, err = b.image.machine().Boot(ctx, b.kernel, exist, plan.Plan{Load: b.modules.load(), Cells: cells}, func(r plan.Result) {
		results = append(results, r)
	})
	if err != nil {
		return err
	}
	b.keys, b.results = keys, results
	direct := map[key]map[string][]plan.Run{}
	for i, k := range b.keys {
		direct[k] = b.results[i].Direct
	}
	b.judged = map[key]verdict{}
	for i, k := range b.keys {
		if k.handOver {
			b.judged[k] = verdict{wrong: slices.Concat(b.results[i].HandOver, failure(b.results[i]))}
			continue
		}
		called := k
		called.readOnly = k.readOnly && k.otherNetwork // a cell beside the one with the writable root calls no binary directly
		b.judged[k] = judge(expected(b.modules, k), k, b.results[i], direct[called])
	}
	return nil
}
