// Package mode holds what every other package agrees on: the two iptables modes, what can be found out about them, and
// the table that turns findings into a decision. It asks nobody anything: package probe collects the evidence.
//
// Every package uses the same words. A question is open while its answer is Unknown. A decision is given if it takes no
// evidence: a user has said the mode, or only one is installed. It is settled if no answer to an open question could lead to
// the other mode: there asking ends, and no other decision is made permanent. It is a guess if it is neither given, nor by
// kubelet's chain, nor made permanent.
package mode

import "time"

// Mode is one of the two ways iptables 1.8 talks to the kernel. The zero Mode means "none", for instance no override.
type Mode uint8

// The modes.
const (
	NFT    Mode = iota + 1 // over nf_tables
	Legacy                 // over ip_tables and ip6_tables
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

// Hint is a chain that kubelet creates, in the mode it uses, so that others can see that mode. It is an index into Hints.
type Hint uint8

// The hint chains. Kubelet has made the canary since 1.17 and the hint proper since 1.24, both in IPv4 and IPv6.
const (
	KubeIPTablesHint Hint = iota
	KubeKubeletCanary
	NumHints = iota
)

// HintInterval is how often to look for them while they are waited for: kubelet makes them within a second of its start.
const HintInterval = 250 * time.Millisecond

// HintTable is the table the hint chains are in.
const HintTable = "mangle"

// String returns the chain's name.
func (h Hint) String() string { return [...]string{"KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"}[h] }
