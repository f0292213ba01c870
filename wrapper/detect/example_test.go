package detect_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/detect"
)

// A CNI plugin that contains both modes' binaries selects the one to execute. (This example runs in a network namespace without
// rules.)
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
		fmt.Println("ask again next time; rule count:", host.Evidence.NFT.Rules.Least+host.Evidence.Legacy.Rules.Least)
	}
	if host.Evidence.Conflict() {
		fmt.Println("this node is split between two modes")
	}
	// Output:
	// xtables-nft-multi
	// ask again next time; rule count: 0
}

// An agent that may start before kubelet waits for a while, and then continues with a guess. (There is no kubelet where this
// example runs.)
func ExampleKubelet() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	host, err := detect.Kubelet(ctx)
	switch {
	case err == nil:
		fmt.Println("kubelet is in mode", host.Mode)
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Printf("no kubelet chain yet; for now: %s, %s\n", host.Mode, host.Reason)
	default:
		fmt.Println(err)
	}
	// Output: no kubelet chain yet; for now: nft, default
}
