// Package detect returns the iptables mode of the host. It is for programs that contain the binaries of both modes and execute
// them by their own names, such as a CNI plugin or an agent. The wrapper does not have to be installed.
//
// [Host] looks once. That may be too early if kubelet has not created its chain yet: [Kubelet] waits for the chain.
//
// The answer is valid for the network namespace of the calling thread, which must be the host's. Without CAP_NET_ADMIN the answer
// is the default, without Pin. Neither function has a side effect: no table is created, no kernel module is loaded, no process is
// started. Package probe describes the questions to the kernel. Package mode describes how the evidence leads to a decision.
//
// From version 1 on, semantic versioning applies to this package and to those parts of package mode that [Result] contains. The
// other packages of this module belong to the command iptables-wrapper. A program that imports this package is linked with mode,
// probe and golang.org/x/sys, and its go.mod requires no other module. The directory examples/hostport contains a whole program.
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

// look is nil on systems other than Linux.
var look func() mode.Evidence

// Host looks at the host once. The error is that of ctx or, on systems other than Linux, errors.ErrUnsupported. A question without
// an answer is not an error: Evidence contains the reason.
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

// Kubelet looks until a kubelet chain exists, and ignores the rules of other programs. If ctx ends before, Kubelet returns the
// last result and the error of ctx. The result has no mode if ctx had ended before the first look.
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
