package main

import "github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"

// expectation is what the contract says of a cell.
type expectation struct {
	mode, reason string // detect's output
	pin          bool   // likewise; if the root can be written, the first call pins
	called       string // the mode that a call must run: detect's, but for row 8, which only a call can find out
	rules        bool   // whether either mode contains rules
}

// mayLoad reports whether a call may load nf_tables, as the binary that it guesses would: rows 8 and 9.
func (e expectation) mayLoad() bool { return e.reason == "only-supported" || e.reason == "default" }

// withRules returns the expectations for an administrator if either mode contains rules: the same whatever else the kernel
// has, because a mode that is not loaded contains none. The rows are those of the decision table of the contract. Only a
// kubelet chain pins.
func withRules() map[string]expectation {
	kubelet := func(mode string) expectation { return expectation{mode, "kubelet-chain", true, mode, true} } // rows 3 and 4
	moreRules := func(mode string) expectation { return expectation{mode, "more-rules", false, mode, true} } // rows 6 and 7
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

// withoutRules returns the expectations for an administrator if neither mode contains rules, by modules and state: rows 8 and
// 9. Nothing is pinned. detect looks at what is loaded. A call may load nf_tables, and uses legacy if it cannot be loaded.
func withoutRules() map[[2]string]expectation {
	guess := func(mode, reason, called string) expectation { return expectation{mode, reason, false, called, false} }
	return map[[2]string]expectation{
		{"both loaded", "empty"}:                    guess("nft", "default", "nft"),
		{"both loaded", "loaded but empty, nft"}:    guess("nft", "default", "nft"),
		{"both loaded", "loaded but empty, legacy"}: guess("nft", "default", "nft"),
		// ip_tables is not loaded, and nf_tables answers.
		{"nft only", "empty"}:                 guess("nft", "only-supported", "nft"),
		{"nft only", "loaded but empty, nft"}: guess("nft", "only-supported", "nft"),
		// nf_tables is not loaded, and detect does not find out that it cannot be loaded.
		{"legacy only", "empty"}:                    guess("nft", "default", "legacy"),
		{"legacy only", "loaded but empty, legacy"}: guess("nft", "default", "legacy"),
		{"none", "empty"}:                           guess("nft", "default", "legacy"),
		{"not loaded", "empty"}:                     guess("nft", "default", "nft"),
		{"not loaded", "loaded but empty, nft"}:     guess("nft", "only-supported", "nft"),
		{"not loaded", "loaded but empty, legacy"}:  guess("nft", "default", "nft"),
	}
}

// contract returns the expectation for a cell. In a read-only root the only difference is that nothing can be pinned.
func contract(m moduleSet, state string, privilege plan.Privilege) expectation {
	want, rules := withRules()[state]
	if !rules {
		want = withoutRules()[[2]string{m.name, state}]
	}
	if privilege != plan.Admin {
		// Not permitted to look: a guess, whatever the host contains.
		return expectation{mode: "nft", reason: "default", called: "nft", rules: want.rules}
	}
	return want
}
