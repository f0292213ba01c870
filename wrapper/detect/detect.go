// Package detect tells a program which iptables mode its host uses. It is for programs that bring the binaries of both
// modes and run them by their own names (a CNI plugin, an agent): no wrapper has to be installed.
//
// [Host] looks once. Before kubelet has made its chains that may be too early: [Kubelet] waits for them.
//
// The answer holds for the network namespace of the calling thread, which has to be the host's, and it takes CAP_NET_ADMIN
// to see anything: without, the answer is the default, not pinned. Nothing is changed by looking: no table is created, no
// kernel module loaded, no process started. Package probe says how the kernel is asked, package mode how that is decided.
//
// From version 1 on, semantic versioning holds for this package and for what of package mode its [Result] shows. The other
// packages of this module are those of the program iptables-wrapper. A program that imports this one is linked with mode,
// probe and golang.org/x/sys, and its go.mod requires no other module. The folder examples/hostport has a whole program.
package detect

import (
	"context"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Result is a mode, the reason for it and what it rests on. Pin tells that the decision is settled. Without it, ask again
// next time.
type Result struct {
	mode.Decision
	Evidence mode.Evidence
}

// Host looks at the host once. The error is that of ctx or, on other systems than Linux, errors.ErrUnsupported; that
// something could not be found out is no error: Evidence has the reasons.
func Host(ctx context.Context) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	evidence, err := look()
	if err != nil {
		return Result{}, err
	}
	in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: evidence}
	return Result{mode.Decide(&in), evidence}, nil
}

// Kubelet looks until kubelet's chains are there; rules of anybody else are neither waited for nor believed. If ctx ends
// before, the error is that of ctx, and the result is the last one; it has no mode if ctx had ended before the first look.
func Kubelet(ctx context.Context) (Result, error) {
	var last Result
	for {
		r, err := Host(ctx)
		if err != nil {
			return last, err
		}
		if last = r; r.Reason == mode.ReasonKubeletChain {
			return r, nil
		}
		select {
		case <-time.After(mode.HintInterval):
		case <-ctx.Done():
		}
	}
}
