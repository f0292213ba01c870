package probe_test

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
)

// A program that brings both modes' binaries, a CNI plugin for instance, asks which of them to use on this host.
func Example() {
	in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: probe.UntilSettled()}
	decision := mode.Decide(&in)
	fmt.Printf("run xtables-%s-multi: %s", decision.Mode, decision.Reason)
	if !decision.Pin {
		fmt.Print("; ask again next time")
	}
}

// The decision on evidence at hand.
func Example_decide() {
	nft, legacy := mode.Empty(mode.Present), mode.Empty(mode.Present)
	legacy.Hints[mode.IPv4][mode.KubeIPTablesHint] = mode.Present
	in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: mode.Evidence{NFT: nft, Legacy: legacy}}
	decision := mode.Decide(&in)
	fmt.Println(decision.Mode, decision.Reason, decision.Pin)
	// Output: legacy kubelet-chain true
}
