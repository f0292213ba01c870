package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// block is one boot: a kernel with a set of modules, and every cell of it.
type block struct {
	kernel  *kernel.Kernel
	modules moduleSet
	keys    []key
	results []plan.Result
	judged  map[key]verdict
}

// blocks are all boots of these kernels.
func blocks(kernels []*kernel.Kernel, sets []moduleSet) []*block {
	var all []*block
	for _, k := range kernels {
		for _, m := range sets {
			all = append(all, &block{kernel: k, modules: m})
		}
	}
	return all
}

// runAll boots several guests at a time, and calls done after each. What could not be run at all is an error.
func (v machine) runAll(ctx context.Context, all []*block, jobs int, done func(*block)) error {
	todo := make(chan *block)
	var running sync.WaitGroup
	var lock sync.Mutex
	var failed error
	for range jobs {
		running.Go(func() {
			for b := range todo {
				err := b.run(ctx, v)
				lock.Lock()
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("linux %s, %s: %w", b.kernel.Release, b.modules.name, err))
				} else {
					done(b)
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

func (b *block) run(ctx context.Context, v machine) error {
	cells, keys := b.modules.cells()
	exist := b.kernel.Modules.Without(b.modules.lacks)
	var results []plan.Result
	err := v.boot(ctx, b.kernel, exist, plan.Plan{Load: b.modules.load(), Cells: cells}, func(r plan.Result) {
		results = append(results, r)
	})
	if err != nil {
		return err
	}
	b.keys, b.results = keys, results
	direct := map[key]map[string][]plan.Run{}
	for i, k := range b.keys {
		if !k.readOnly {
			direct[k] = b.results[i].Direct
		}
	}
	b.judged = map[key]verdict{}
	for i, k := range b.keys {
		writable := key{k.state, k.privilege, false}
		b.judged[k] = judge(contract(b.modules, k.state, k.privilege), k, b.results[i], direct[writable])
	}
	return nil
}
