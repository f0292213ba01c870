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
func (o Outcome) String() string {
	switch o {
	case Absent:
		return "absent"
	case Present:
		return "present"
	}
	return "unknown"
}

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

// Fill sets every hint chain to o.
func (h *Hints) Fill(o Outcome) {
	for f := range h {
		for i := range h[f] {
			h[f][i] = o
		}
	}
}

// Rules is a number of rules. At least Seen rules are there; exactly that many if Complete.
type Rules struct {
	Seen     uint64
	Complete bool
}

// Backend is what is known of one mode's side of the kernel, in one network namespace.
type Backend struct {
	Answers Outcome // whether the kernel has this backend, loaded and reachable
	Hints   Hints
	Rules   Rules // only in the tables and families that iptables itself manages
	Err     error // why something is Unknown, if it was asked; for people, the decision does not depend on it
}

// Missing is the Backend of a kernel that does not have it: there is nothing in it, for certain.
func Missing() Backend {
	b := Backend{Answers: Absent, Rules: Rules{Complete: true}}
	b.Hints.Fill(Absent)
	return b
}

// Evidence is what the probes found. The zero Evidence knows nothing.
type Evidence struct {
	NFT, Legacy Backend
}
