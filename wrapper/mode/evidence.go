package mode

// Outcome is the answer to one question. Not permitted, not readable, timed out, cut short and not asked are all
// Unknown: it never means that the thing is not there.
type Outcome uint8

// The outcomes.
const (
	Unknown Outcome = iota
	Absent
	Present
)

// String returns the outcome in lower case.
func (o Outcome) String() string { return [...]string{"unknown", "absent", "present"}[o] }

// Hints is what is known of each hint chain.
type Hints [NumFamilies][NumHints]Outcome

// Any returns Present if one hint chain is there, Absent if none of them is, and Unknown if none is known to be there
// but one might be.
func (h *Hints) Any() Outcome {
	all := Absent
	for f := range h {
		for _, o := range h[f] {
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

// Amount is how much a backend holds: rules, user-defined chains, and policies other than ACCEPT, each counted as one,
// in the tables and families that iptables itself manages. The zero Amount is not known at all.
type Amount struct {
	Least   uint64 // so many are there
	Most    uint64 // and no more than these, if Bounded
	Bounded bool
}

// Exactly is the Amount n.
func Exactly(n uint64) Amount { return Amount{n, n, true} }

// Exact reports whether the number is known.
func (a Amount) Exact() bool { return a.Bounded && a.Least == a.Most }

// Plus is the sum of both.
func (a Amount) Plus(b Amount) Amount {
	return Amount{a.Least + b.Least, a.Most + b.Most, a.Bounded && b.Bounded}
}

// Exceeds reports whether a is more than b whatever is still unknown of both.
func (a Amount) Exceeds(b Amount) bool { return b.Bounded && a.Least > b.Most }

// NeverExceeds reports whether a is at most as much as b whatever is still unknown of both.
func (a Amount) NeverExceeds(b Amount) bool { return a.Bounded && a.Most <= b.Least }

// prefixes are how well-known programs begin the names of their chains, which tells whose rules a backend holds: kubelet
// and kube-proxy, Docker, the CNI plugins portmap and firewall, flannel, Calico, Cilium, libvirt, ufw.
var prefixes = [NumOwners]string{"KUBE-", "DOCKER", "CNI-", "FLANNEL", "cali-", "CILIUM_", "LIBVIRT_", "ufw"}

// Owner is one of the programs whose chains are told by their names. It is an index into Owners.
type Owner uint8

// NumOwners is how many there are.
const NumOwners = 8

// String returns what the names begin with, such as "KUBE-".
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

// Backend is what is known of one mode's side of the kernel, in one network namespace.
type Backend struct {
	// Answers is Present if the kernel has this backend, loaded and reachable. Absent is nf_tables that was asked for and
	// cannot be had, and ip_tables that is not loaded (iptables in a container has no means to load it). A backend that is
	// not there holds nothing, which Hints and Held say; an nf_tables not loaded that nobody tried to load is Unknown here.
	Answers Outcome
	Hints   Hints
	Held    Amount
	Owners  Owners // of the user-defined chains that were read
	Err     error  // why something is Unknown; for people, the decision does not depend on it
}

// Empty is a Backend that surely holds nothing.
func Empty(answers Outcome) Backend {
	b := Backend{Answers: answers, Held: Exactly(0)}
	for f := range b.Hints {
		b.Hints[f] = [NumHints]Outcome{Absent, Absent}
	}
	return b
}

// Evidence is what the probes found. The zero Evidence knows nothing.
type Evidence struct {
	NFT, Legacy Backend
}

// Conflict reports whether both backends hold something: the host is split between two modes, and whoever looks at one of
// them does not see the other's rules.
func (e *Evidence) Conflict() bool { return e.NFT.Held.Least > 0 && e.Legacy.Held.Least > 0 }
