// Package detect tells a program which iptables mode its host uses. It is for programs that contain the binaries of both
// modes and execute them by their own names (a CNI plugin, an agent): the wrapper does not have to be installed.
//
// [Host] looks once. Before kubelet has created its chain that may be too early: [Kubelet] waits for it.
//
// The answer is that of the network namespace of the calling thread, which has to be the host's. Without CAP_NET_ADMIN the
// answer is the default, without Pin. Neither function has a side effect: no table is created, no kernel module is loaded, no
// process is started. Package probe describes how the kernel is asked, and package mode how the evidence leads to a decision.
//
// From version 1 on, semantic versioning applies to this package and to those parts of package mode that [Result] contains.
// The other packages of this module belong to the command iptables-wrapper. A program that imports this package is linked with
// mode, probe and golang.org/x/sys, and its go.mod requires no other module. The directory examples/hostport contains a whole
// program.
package detect

import (
	"context"
	"errors"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Result is a decision and its evidence. If Pin is false, the decision is not final: ask again before the next change.
type Result struct {
	mode.Decision
	Evidence mode.Evidence
}

// look is nil on other systems than Linux.
var look func() mode.Evidence

// Host looks at the host once. The error is that of ctx or, on other systems than Linux, errors.ErrUnsupported. A question
// without an answer is no error: Evidence contains the reason.
func Host(ctx context.Context) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if look == nil {
		return Result{}, errors.ErrUnsupported
	}
	evidence := look()
	return Result{evidence.Decide(), evidence}, nil
}

// Kubelet looks until a kubelet chain exists; it ignores the rules of other programs. If ctx ends before, the error is that of
// ctx, and the result is the last one. It has no mode if ctx had ended before the first look.
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
