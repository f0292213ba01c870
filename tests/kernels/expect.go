package main

import "github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"

// expectation is what the contract says of a cell.
type expectation struct {
	mode, reason string // what detect must say
	pin          bool   // likewise; where the root can be written, the first call pins then
	called       string // the mode that a call must run: detect's, but for row 7, which only a call can find out
	held         bool   // whether either backend holds anything
}

// mayLoad says whether a call may load nf_tables, as the program that it guesses would: rows 7 and 8.
func (e expectation) mayLoad() bool { return e.reason == "only-supported" || e.reason == "default" }

// holding is what is right for an administrator where something is held: the same whatever else the kernel has, since what
// is not there or not loaded holds nothing. The rows are those of the decision table of the contract.
func holding() map[string]expectation {
	kubelet := func(mode string) expectation { return expectation{mode, "kubelet-chain", true, mode, true} } // rows 3 and 4
	moreRules := func(mode string) expectation { return expectation{mode, "more-rules", true, mode, true} }  // rows 5 and 6
	return map[string]expectation{
		"hint v4, nft":        kubelet("nft"),
		"hint v6, nft":        kubelet("nft"),
		"canary, nft":         kubelet("nft"),
		"rules only, nft":     moreRules("nft"),
		"policy only, nft":    moreRules("nft"),
		"both, nft more":      moreRules("nft"),
		"hint v4, legacy":     kubelet("legacy"),
		"hint v6, legacy":     kubelet("legacy"),
		"canary, legacy":      kubelet("legacy"),
		"rules only, legacy":  moreRules("legacy"),
		"policy only, legacy": moreRules("legacy"),
		"both, legacy more":   moreRules("legacy"),
	}
}

// nothingHeld is what is right for an administrator where nothing is held, by modules and state: rows 7 and 8. Nothing is
// pinned. What detect says comes from what is loaded. A call may load nf_tables, and takes legacy if it does not come.
func nothingHeld() map[[2]string]expectation {
	guess := func(mode, reason, called string) expectation { return expectation{mode, reason, false, called, false} }
	return map[[2]string]expectation{
		{"both loaded", "empty"}:                    guess("nft", "default", "nft"),
		{"both loaded", "loaded but empty, nft"}:    guess("nft", "default", "nft"),
		{"both loaded", "loaded but empty, legacy"}: guess("nft", "default", "nft"),
		// ip_tables is not loaded, and what is loaded answers.
		{"nft only", "empty"}:                 guess("nft", "only-supported", "nft"),
		{"nft only", "loaded but empty, nft"}: guess("nft", "only-supported", "nft"),
		// nf_tables is not loaded, and detect does not find out that it cannot be.
		{"legacy only", "empty"}:                    guess("nft", "default", "legacy"),
		{"legacy only", "loaded but empty, legacy"}: guess("nft", "default", "legacy"),
		{"none", "empty"}:                           guess("nft", "default", "legacy"),
		{"not loaded", "empty"}:                     guess("nft", "default", "nft"),
		{"not loaded", "loaded but empty, nft"}:     guess("nft", "only-supported", "nft"),
		{"not loaded", "loaded but empty, legacy"}:  guess("nft", "default", "nft"),
	}
}

// contract is what is right in a cell. A read-only root changes nothing of it but that nothing can be pinned.
func contract(m moduleSet, state string, privilege plan.Privilege) expectation {
	want, held := holding()[state]
	if !held {
		want = nothingHeld()[[2]string{m.name, state}]
	}
	if privilege != plan.Admin {
		// Not permitted to look: a guess, whatever the host holds.
		return expectation{mode: "nft", reason: "default", called: "nft", held: want.held}
	}
	return want
}
