package mode_test

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// The evidence is first that of a node whose kubelet is in legacy. Then nf_tables could not be read, so the decision is not
// final. Then everything is unknown.
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

// If an image contains the binaries of only one mode, no question to the kernel is necessary.
func ExampleWithoutEvidence() {
	decision, decided := mode.WithoutEvidence(&mode.Inputs{NFTInstalled: true})
	fmt.Println(decision.Mode, decision.Reason, decided)
	_, decided = mode.WithoutEvidence(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true})
	fmt.Println(decided)
	// Output:
	// nft only-installed true
	// false
}

// Reading a table of nft stopped after two rules, and legacy has exactly one. nft has more, whatever the rest of the table
// contains.
func ExampleRuleCount_Exceeds() {
	nft, legacy := mode.RuleCount{Least: 2}, mode.Exactly(1)
	fmt.Println(nft.Exceeds(legacy), nft.Exact())
	// Output: true false
}
