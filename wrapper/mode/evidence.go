package mode

// Outcome is the answer to one question. An answer that was denied, timed out, was cut short or was not asked for is
// Unknown, never Absent.
type Outcome uint8

// The outcomes.
const (
	Unknown Outcome = iota
	Absent
	Present
)

// String returns the outcome in lower case.
func (o Outcome) String() string { return [...]string{"unknown", "absent", "present"}[o] }

// Hints is the evidence for each hint chain.
type Hints [NumFamilies][NumHints]Outcome

// Kubelet returns Present if one of the kubelet chains is present, Absent if all of them are absent, and Unknown otherwise.
func (h *Hints) Kubelet() Outcome { return h.any(KubeIPTablesHint, KubeKubeletCanary) }

// KubeProxy returns the same for kube-proxy's chain.
func (h *Hints) KubeProxy() Outcome { return h.any(KubeProxyCanary, KubeProxyCanary) }

func (h *Hints) any(first, last Hint) Outcome {
	all := Absent
	for f := range h {
		for _, o := range h[f][first : last+1] {
			switch o {
			case Present:
				return Present
			case Unknown:
				all = Unknown
			}
		}
	}
	return all
}

// RuleCount is the number of rules, user-defined chains and policies other than ACCEPT of one mode, as far as it is known.
// Only what iptables can have created counts. The zero RuleCount is unknown.
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

// NeverExceeds reports whether a is surely not greater than b.
func (a RuleCount) NeverExceeds(b RuleCount) bool { return a.Bounded && a.Most <= b.Least }

// prefixes are the prefixes of the chain names of well-known programs, which show whose rules a mode contains: kubelet
// and kube-proxy, Docker, the CNI plugins portmap and firewall, flannel, Calico, Cilium, libvirt, ufw.
var prefixes = [NumOwners]string{"KUBE-", "DOCKER", "CNI-", "FLANNEL", "cali-", "CILIUM_", "LIBVIRT_", "ufw"}

// Owner is a program that is recognized by the names of its chains. It is an index into Owners.
type Owner uint8

// NumOwners is the number of owners.
const NumOwners = 8

// String returns the prefix of the owner's chain names, such as "KUBE-".
func (o Owner) String() string { return prefixes[o] }

// Owners is a number of user-defined chains by owner.
type Owners [NumOwners]uint64

// Count counts a chain.
func (o *Owners) Count(chain []byte) {
	for i, prefix := range prefixes {
		if len(chain) >= len(prefix) && string(chain[:len(prefix)]) == prefix {
			o[i]++
			return
		}
	}
}

// Backend is the evidence for one mode's side of the kernel, in one network namespace.
type Backend struct {
	// Answers is Present if the kernel has this backend, loaded and reachable. It is Absent if nf_tables was asked and is
	// not available, or if ip_tables is not loaded (iptables in a container cannot load it). It is Unknown for an nf_tables
	// that is not loaded and was not asked.
	Answers Outcome
	// Compat is Absent if iptables-nft cannot work although nf_tables answers: the kernel has no nft_compat. It is
	// Unknown for legacy, and where it was not asked.
	Compat Outcome
	Hints  Hints
	Rules  RuleCount
	Owners Owners // of the user-defined chains that were read
	Err    error  // why something is Unknown; for people, the decision does not depend on it
}

// Empty returns a Backend that surely contains no chain and no rule.
func Empty(answers Outcome) Backend {
	b := Backend{Answers: answers, Rules: Exactly(0)}
	for f := range b.Hints {
		b.Hints[f] = NoHints()
	}
	return b
}

// NoHints returns the evidence of a family in which no hint chain exists.
func NoHints() [NumHints]Outcome { return [...]Outcome{Absent, Absent, Absent} }

// Evidence is the result of the probes. The zero Evidence knows nothing.
type Evidence struct {
	NFT, Legacy Backend
}

// Conflict reports whether both modes contain rules: the node is split between two modes, and a program that uses one of
// them does not see the other's rules.
func (e *Evidence) Conflict() bool { return e.NFT.Rules.Least > 0 && e.Legacy.Rules.Least > 0 }
