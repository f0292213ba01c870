package detect_test

import (
	"context"
	"errors"
	"fmt"

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
		fmt.Println("ask again next time:", host.Evidence.NFT.Held.Least+host.Evidence.Legacy.Held.Least, "rules to go by")
	}
	if host.Evidence.Conflict() {
		fmt.Println("this node is split between two modes")
	}
	// Output:
	// xtables-nft-multi
	// ask again next time: 0 rules to go by
}
