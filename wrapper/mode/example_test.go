package mode_test

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Evidence of a node whose kubelet is in legacy; then of one where the nft side could not be looked at, so that the decision is not
// settled; then of one where nothing is known.
func ExampleDecide() {
	legacy := mode.Empty(mode.Present)
	legacy.Hints[mode.IPv4][mode.KubeIPTablesHint] = mode.Present
	for _, evidence := range []mode.Evidence{
		{NFT: mode.Empty(mode.Present), Legacy: legacy},
		{Legacy: legacy},
		{},
	} {
		decision := mode.Decide(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: evidence})
		fmt.Printf("%s: %s, to be made permanent: %t\n", decision.Mode, decision.Reason, decision.Pin)
	}
	// Output:
	// legacy: kubelet-chain, to be made permanent: true
	// legacy: kubelet-chain, to be made permanent: false
	// nft: default, to be made permanent: false
}

// What the binaries of an image leave no choice about needs no evidence: the kernel does not have to be asked.
func ExampleGiven() {
	decision, given := mode.Given(&mode.Inputs{NFTInstalled: true})
	fmt.Println(decision.Mode, decision.Reason, given)
	_, given = mode.Given(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true})
	fmt.Println(given)
	// Output:
	// nft only-installed true
	// false
}

// A table of nft was cut short after two rules, legacy holds exactly one: there is more in nft, whatever the rest is.
func ExampleAmount_Exceeds() {
	nft, legacy := mode.Amount{Least: 2}, mode.Exactly(1)
	fmt.Println(nft.Exceeds(legacy), nft.Exact())
	// Output: true false
}
