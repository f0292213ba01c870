package main

import "github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"

// expectation is the correct result of a cell: of one host with one container in it.
type expectation struct {
	mode, reason string // detect's output
	pin          bool   // detect's output, too; if the root is writable, the first call pins
	called       string // the mode that a call must execute: detect's, except in row 8, which only a call can detect
	rules        bool   // whether either mode contains rules
}

// mayLoad returns true if a call may load nf_tables or nft_compat, as the binary of the guessed mode would: rows 8 and
// 9.
func (e expectation) mayLoad() bool { return e.reason == "only-supported" || e.reason == "default" }

// withRules returns the expectations for an administrator if a mode contains rules. They do not depend on other modules
// of the kernel, because a mode that is not loaded contains no rules. The rows are those of the decision table in
// README.md. Only a kubelet chain pins.
func withRules() map[string]expectation {
	kubelet := func(mode string) expectation { return expectation{mode, "kubelet-chain", true, mode, true} }   // rows 3 and 4
	moreRules := func(mode string) expectation { return expectation{mode, "more-rules", false, mode, true} }   // rows 6 and 7
	proxy := func(mode string) expectation { return expectation{mode, "kube-proxy-chain", false, mode, true} } // row 5
	all := map[string]expectation{
		"both, nft more":          moreRules("nft"),
		"both, legacy more":       moreRules("legacy"),
		"hint nft, 300 in legacy": kubelet("nft"),
	}
	for _, mode := range []string{"nft", "legacy"} {
		for _, chain := range []string{"hint v4", "hint v6", "canary v4", "canary v6"} {
			all[chain+", "+mode] = kubelet(mode)
		}
		all["kube-proxy chain, "+mode] = proxy(mode)
		for _, counted := range []string{"rules only", "jumps", "policy only"} {
			all[counted+", "+mode] = moreRules(mode)
		}
	}
	return all
}

// withoutRules returns the expectations for an administrator if neither mode contains rules, by modules and state: rows
// 8 and 9. Nothing is pinned. detect uses only what is loaded. A call may load nf_tables, and uses legacy if it cannot
// be loaded.
func withoutRules() map[[2]string]expectation {
	guess := func(mode, reason, called string) expectation { return expectation{mode, reason, false, called, false} }
	return map[[2]string]expectation{
		{"both loaded", "empty"}:                    guess("nft", "default", "nft"),
		{"both loaded", "loaded but empty, nft"}:    guess("nft", "default", "nft"),
		{"both loaded", "loaded but empty, legacy"}: guess("nft", "default", "nft"),
		// ip_tables is not loaded, and nf_tables responds.
		{"nft only", "empty"}:                 guess("nft", "only-supported", "nft"),
		{"nft only", "loaded but empty, nft"}: guess("nft", "only-supported", "nft"),
		// nf_tables is not loaded, and detect does not try whether it can be loaded.
		{"legacy only", "empty"}:                    guess("nft", "default", "legacy"),
		{"legacy only", "loaded but empty, legacy"}: guess("nft", "default", "legacy"),
		{"none", "empty"}:                           guess("nft", "default", "legacy"),
		{"not loaded", "empty"}:                     guess("nft", "default", "nft"),
		{"not loaded", "loaded but empty, nft"}:     guess("nft", "only-supported", "nft"),
		{"not loaded", "loaded but empty, legacy"}:  guess("nft", "default", "nft"),
		// The same modes are supported as in "both loaded". A module that is missing in /proc/modules can be built in.
		{"nft built in", "empty"}:                       guess("nft", "default", "nft"),
		{"nft built in", "loaded but empty, nft"}:       guess("nft", "default", "nft"),
		{"nft built in", "loaded but empty, legacy"}:    guess("nft", "default", "nft"),
		{"legacy built in", "empty"}:                    guess("nft", "default", "nft"),
		{"legacy built in", "loaded but empty, nft"}:    guess("nft", "default", "nft"),
		{"legacy built in", "loaded but empty, legacy"}: guess("nft", "default", "nft"),
		// iptables-nft cannot work without nft_compat. Only a call detects that.
		{"no nft_compat", "empty"}:                    guess("nft", "default", "legacy"),
		{"no nft_compat", "loaded but empty, nft"}:    guess("nft", "default", "legacy"),
		{"no nft_compat", "loaded but empty, legacy"}: guess("nft", "default", "legacy"),
	}
}

// expected returns the expectation for a cell, from the decision table in README.md. A read-only root differs only in that
// no mode can be pinned.
func expected(m moduleSet, k key) expectation {
	want, rules := withRules()[k.state]
	if !rules {
		want = withoutRules()[[2]string{m.name, k.state}]
	}
	if k.otherNetwork {
		want = unseen(m, k.state)
	}
	switch k.privilege {
	case plan.Admin:
		return want
	case plan.Ambient:
		return ambient(m, k.state, want)
	}
	// Without permission to read rules, the wrapper guesses, even if the host has rules.
	return expectation{mode: "nft", reason: "default", called: "nft", rules: want.rules}
}

// unseen returns the expectation for an administrator in a new network namespace. It contains no rules: of the host's state only
// the modules that were loaded for it matter.
func unseen(m moduleSet, name string) expectation {
	seen := "empty"
	for _, s := range states() {
		switch {
		case s.name != name || s.uses == "":
		case s.uses == "both":
			seen = "loaded but empty, legacy"
		default:
			seen = "loaded but empty, " + s.uses
		}
	}
	return withoutRules()[[2]string{m.name, seen}]
}

// ambient changes the expectation for an administrator into that for a user who may change rules, but cannot read the
// names files of legacy. For this user, detect does not probe legacy. A call probes only legacy's table mangle, and
// sees the chains of Kubernetes there. If there are none, it decides by the rules in nft, and without rules in nft as
// on an empty host.
func ambient(m moduleSet, state string, want expectation) expectation {
	want.pin = false // the image belongs to root
	guess := expectation{mode: "nft", reason: "default", called: "nft", rules: true}
	switch {
	case want.mode == "nft" || !want.rules:
		return want
	case state == "both, legacy more":
		guess.reason = "more-rules"
	case want.reason == "more-rules":
		guess.called = withoutRules()[[2]string{m.name, "empty"}].called
	default:
		guess.called = "legacy"
	}
	return guess
}
