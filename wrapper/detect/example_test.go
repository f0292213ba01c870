package detect_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/detect"
)

// A CNI plugin that brings both modes' binaries asks which of them to run. (This example runs in a network namespace in
// which nobody has made a rule.)
func ExampleHost() {
	host, err := detect.Host(context.Background())
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("not on Linux")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("xtables-%s-multi\n", host.Mode)
	if !host.Pin {
		fmt.Println("ask again next time:", host.Evidence.NFT.Rules.Least+host.Evidence.Legacy.Rules.Least, "rules to go by")
	}
	if host.Evidence.Conflict() {
		fmt.Println("this node is split between two modes")
	}
	// Output:
	// xtables-nft-multi
	// ask again next time: 0 rules to go by
}

// An agent that may start before kubelet gives it some time, and then goes on with the best that can be said. (Nobody makes kubelet's
// chains where this example runs.)
func ExampleKubelet() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	host, err := detect.Kubelet(ctx)
	switch {
	case err == nil:
		fmt.Println("kubelet is in mode", host.Mode)
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Printf("kubelet has not shown itself; for now: %s, %s\n", host.Mode, host.Reason)
	default:
		fmt.Println(err)
	}
	// Output: kubelet has not shown itself; for now: nft, default
}
