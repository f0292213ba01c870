// Package mode defines the terms that all other packages share: the two iptables modes, the evidence, and the table that turns
// evidence into a decision. It does no I/O: package probe collects the evidence.
//
// The rule count of a mode is the number of its rules, user-defined chains and policies other than ACCEPT. To pin is to
// repoint the iptables symlinks to one mode, so that the wrapper is no longer called. A guess is a decision without evidence.
package mode

import (
	"slices"
	"time"
)

// Mode is one of the two ways iptables 1.8 talks to the kernel. The zero Mode means "none", for instance no override.
type Mode uint8

// The modes.
const (
	NFT    Mode = iota + 1 // uses nf_tables
	Legacy                 // uses ip_tables and ip6_tables
)

// Parse returns the mode with the given name, "nft" or "legacy".
func Parse(name string) (Mode, bool) {
	for _, m := range [...]Mode{NFT, Legacy} {
		if m.String() == name {
			return m, true
		}
	}
	return 0, false
}

// String returns the name that appears in file names such as xtables-nft-multi, and that Parse takes.
func (m Mode) String() string { return [...]string{"none", "nft", "legacy"}[m] }

// Other returns the mode that m is not.
func (m Mode) Other() Mode {
	if m == NFT {
		return Legacy
	}
	return NFT
}

// Family is an address family as iptables divides its commands: iptables or ip6tables. It is an index into Hints.
type Family uint8

// The families.
const (
	IPv4 Family = iota
	IPv6
	NumFamilies = iota
)

// String returns the name nft uses: "ip" or "ip6".
func (f Family) String() string { return [...]string{"ip", "ip6"}[f] }

// Hint is a chain of Kubernetes in table mangle that shows which mode its creator uses. It is an index into Hints.
type Hint uint8

// The hint chains. The first two are the kubelet chains: kubelet creates the canary since 1.17 and the hint since 1.24, both
// in IPv4 and IPv6. kube-proxy creates its canary, and never removes it.
const (
	KubeIPTablesHint Hint = iota
	KubeKubeletCanary
	KubeProxyCanary
	NumHints = iota
)

// HintInterval is the interval at which a waiting caller looks for a kubelet chain. kubelet creates it within a second.
const HintInterval = 250 * time.Millisecond

// HintTable is the table that contains the hint chains.
const HintTable = "mangle"

// String returns the chain's name.
func (h Hint) String() string {
	return [...]string{"KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"}[h]
}

// Outcome is the answer to one question.
type Outcome uint8

// The outcomes.
const (
	Unknown Outcome = iota // not permitted, timed out, truncated, or not asked
	Absent
	Present
)

// String returns the outcome in lower case.
func (o Outcome) String() string { return [...]string{"unknown", "absent", "present"}[o] }

// Hints is the evidence for each hint chain.
type Hints [NumFamilies][NumHints]Outcome

// Kubelet returns Present if one of the kubelet chains is present, Absent if all of them are absent, and Unknown otherwise.
func (h *Hints) Kubelet() Outcome {
	return anyOf(h[IPv4][KubeIPTablesHint], h[IPv4][KubeKubeletCanary], h[IPv6][KubeIPTablesHint], h[IPv6][KubeKubeletCanary])
}

// KubeProxy returns Present if kube-proxy's chain is present in a family, Absent if it is absent in both, and Unknown otherwise.
func (h *Hints) KubeProxy() Outcome { return anyOf(h[IPv4][KubeProxyCanary], h[IPv6][KubeProxyCanary]) }

func anyOf(outcomes ...Outcome) Outcome {
	if slices.Contains(outcomes, Present) {
		return Present
	}
	return slices.Min(outcomes) // Unknown before Absent
}

// RuleCount is the number of rules, user-defined chains and policies other than ACCEPT of one mode, as far as it is known. Only
// objects that iptables can have created count. The zero RuleCount is unknown.
type RuleCount struct {
	Least   uint64 // at least this many
	Most    uint64 // at most this many, if Bounded
	Bounded bool
}

// Exactly returns the RuleCount n.
func Exactly(n uint64) RuleCount { return RuleCount{n, n, true} }

// Exact reports whether the number is known.
func (a RuleCount) Exact() bool { return a.Bounded && a.Least == a.Most }

// Plus returns the sum of both.
func (a RuleCount) Plus(b RuleCount) RuleCount {
	return RuleCount{a.Least + b.Least, a.Most + b.Most, a.Bounded && b.Bounded}
}

// Exceeds reports whether a is surely greater than b.
func (a RuleCount) Exceeds(b RuleCount) bool { return b.Bounded && a.Least > b.Most }

// Backend is the evidence for one mode's side of the kernel, in one network namespace.
type Backend struct {
	// Answers is Present if the kernel has this backend, loaded and reachable. It is Absent if nf_tables is not available, or if
	// ip_tables is not loaded (iptables in a container cannot load it). It is Unknown for an nf_tables that was not asked.
	Answers Outcome
	// Compat is Absent if iptables-nft cannot work although nf_tables answers, because the kernel has no nft_compat. It is Unknown
	// for legacy, and if nft_compat was not asked.
	Compat Outcome
	Hints  Hints
	Rules  RuleCount
	Err    error // the reason for an Unknown; for people: the decision does not depend on it
}

// Empty returns a Backend that certainly contains no chain and no rule.
func Empty(answers Outcome) Backend {
	return Backend{Answers: answers, Rules: Exactly(0), Hints: Hints{NoHints(), NoHints()}}
}

// NoHints returns the evidence of a family in which no hint chain exists.
func NoHints() [NumHints]Outcome { return [...]Outcome{Absent, Absent, Absent} }

// Evidence is the result of the probes. In the zero Evidence everything is unknown.
type Evidence struct {
	NFT, Legacy Backend
}

// Conflict reports whether both modes contain rules. Then the node is split: a program that uses one mode does not see the rules
// of the other.
func (e *Evidence) Conflict() bool { return e.NFT.Rules.Least > 0 && e.Legacy.Rules.Least > 0 }
