package mode

// Reason says which row of the decision table was met. The values are stable: scripts compare them.
type Reason string

// The reasons, in the order of the table.
const (
	ReasonOverride      Reason = "override"       // the user said so
	ReasonOnlyInstalled Reason = "only-installed" // the other mode's binaries are not there
	ReasonKubeletChain  Reason = "kubelet-chain"  // kubelet's hint chain is in this mode
	ReasonMoreRules     Reason = "more-rules"     // this backend holds something, and at least as much as the other
	ReasonOnlySupported Reason = "only-supported" // nothing is held, and the other backend cannot be had
	ReasonDefault       Reason = "default"        // nothing to go by, or not permitted to look
)

// Inputs is everything a decision depends on.
type Inputs struct {
	Override        Mode // zero for none
	NFTInstalled    bool
	LegacyInstalled bool
	// Guessed says that calls of this installation may have guessed: rules that are there may be their own.
	Guessed  bool
	Evidence Evidence
}

// Decision is a mode and why. Pin says that it may be made permanent: it is settled, and does not rest on rules that an
// earlier guess led to.
type Decision struct {
	Mode   Mode
	Reason Reason
	Pin    bool
}

// Guess reports whether d is a guess. Rules that its mode's program makes now must not be taken for the host's by a later
// call.
func (d Decision) Guess() bool {
	switch d.Reason {
	case ReasonMoreRules, ReasonOnlySupported, ReasonDefault:
		return !d.Pin
	}
	return false
}

// Given returns the decision that is given, if there is one: a caller asks before it probes.
func Given(in *Inputs) (Decision, bool) {
	switch {
	case in.Override != 0:
		return Decision{in.Override, ReasonOverride, false}, true
	case in.NFTInstalled && !in.LegacyInstalled:
		return Decision{NFT, ReasonOnlyInstalled, false}, true
	case in.LegacyInstalled && !in.NFTInstalled:
		return Decision{Legacy, ReasonOnlyInstalled, false}, true
	}
	return Decision{}, false
}

// Decide returns the first row of the table that is met. It is a pure function.
//
// What is Unknown is taken for not found when a row is chosen: something has to be run. It is not taken for Absent when
// it comes to Pin: a legacy hint decides for legacy while the question for an nft hint timed out, but that is not settled,
// and a later call asks again. The one row that claims that something cannot be had, only-supported, wants to know it.
func Decide(in *Inputs) Decision {
	if d, ok := Given(in); ok {
		return d
	}
	nft, legacy := &in.Evidence.NFT, &in.Evidence.Legacy
	nftHint, legacyHint := nft.Hints.Any(), legacy.Hints.Any()
	switch {
	case nftHint == Present:
		return Decision{NFT, ReasonKubeletChain, true}
	case legacyHint == Present:
		return Decision{Legacy, ReasonKubeletChain, nftHint == Absent}
	case legacy.Held.Least > nft.Held.Least:
		return Decision{Legacy, ReasonMoreRules, !in.Guessed && nftHint == Absent && legacy.Held.Exceeds(nft.Held)}
	case nft.Held.Least > 0:
		return Decision{NFT, ReasonMoreRules, !in.Guessed && legacyHint == Absent && legacy.Held.NeverExceeds(nft.Held)}
	case nft.Answers == Absent:
		return Decision{Legacy, ReasonOnlySupported, false}
	case nft.Answers == Present && legacy.Answers == Absent:
		return Decision{NFT, ReasonOnlySupported, false}
	}
	return Decision{NFT, ReasonDefault, false}
}
