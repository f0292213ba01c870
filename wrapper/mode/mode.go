// Package mode defines what every other package agrees on: the two iptables modes, the evidence, and the table that turns
// evidence into a decision. It does no I/O: package probe collects the evidence.
//
// The rule count of a mode is the number of its rules, user-defined chains and policies other than ACCEPT. To pin is to
// repoint the iptables symlinks to one mode, so that the wrapper is no longer called. A guess is a decision without evidence.
package mode

import "time"

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

// HintInterval is the interval at which a waiting caller looks for a kubelet chain: kubelet creates it within a second of its start.
const HintInterval = 250 * time.Millisecond

// HintTable is the table that contains the hint chains.
const HintTable = "mangle"

// String returns the chain's name.
func (h Hint) String() string {
	return [...]string{"KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"}[h]
}
