package mode_test

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Evidence of a node whose kubelet is in legacy; then of one where nf_tables could not be read, so that the decision is not
// final; then of one where nothing is known.
func ExampleDecide() {
	legacy := mode.Empty(mode.Present)
	legacy.Hints[mode.IPv4][mode.KubeIPTablesHint] = mode.Present
	for _, evidence := range []mode.Evidence{
		{NFT: mode.Empty(mode.Present), Legacy: legacy},
		{Legacy: legacy},
		{},
	} {
		decision := mode.Decide(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: evidence})
		fmt.Printf("%s: %s, pin: %t\n", decision.Mode, decision.Reason, decision.Pin)
	}
	// Output:
	// legacy: kubelet-chain, pin: true
	// legacy: kubelet-chain, pin: false
	// nft: default, pin: false
}

// If an image contains the binaries of one mode only, the kernel does not have to be asked.
func ExampleWithoutEvidence() {
	decision, decided := mode.WithoutEvidence(&mode.Inputs{NFTInstalled: true})
	fmt.Println(decision.Mode, decision.Reason, decided)
	_, decided = mode.WithoutEvidence(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true})
	fmt.Println(decided)
	// Output:
	// nft only-installed true
	// false
}

// A table of nft was cut short after two rules, and legacy has exactly one: nft has more, whatever the rest is.
func ExampleRuleCount_Exceeds() {
	nft, legacy := mode.RuleCount{Least: 2}, mode.Exactly(1)
	fmt.Println(nft.Exceeds(legacy), nft.Exact())
	// Output: true false
}
