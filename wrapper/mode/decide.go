package mode

// Reason says which row of the decision table was met. The values are stable: scripts compare them.
type Reason string

// The reasons, in the order of the table.
const (
	ReasonOverride      Reason = "override"       // the user said so
	ReasonOnlyInstalled Reason = "only-installed" // the other mode's binaries are not there
	ReasonKubeletChain  Reason = "kubelet-chain"  // kubelet's hint chain is in this mode
	ReasonOnlySupported Reason = "only-supported" // the kernel has only this backend
	ReasonMoreRules     Reason = "more-rules"     // this backend holds rules, and at least as many as the other
	ReasonDefault       Reason = "default"        // nothing to go by, or not permitted to look
)

// Inputs is everything a decision depends on.
type Inputs struct {
	Override        Mode // zero for none
	NFTInstalled    bool
	LegacyInstalled bool
	Evidence        Evidence
}

// Decision is a mode and why. Pin says that it may be made permanent: nothing that is still unknown could change it.
type Decision struct {
	Mode   Mode
	Reason Reason
	Pin    bool
}

// Settled returns the decision for which no evidence is needed, if there is one: a caller asks before it probes.
func Settled(in *Inputs) (Decision, bool) {
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
// it comes to Pin: a row is pinned only if no answer to an open question could have led to the other mode. So a legacy
// hint decides for legacy while the question for an nft hint timed out, and a later call asks again. The one row that
// claims an absence, only-supported, wants to know it: a backend that might be there is not called unsupported.
func Decide(in *Inputs) Decision {
	if d, ok := Settled(in); ok {
		return d
	}
	nft, legacy := &in.Evidence.NFT, &in.Evidence.Legacy
	nftHint, legacyHint := nft.Hints.Any(), legacy.Hints.Any()
	switch {
	case nftHint == Present:
		return Decision{NFT, ReasonKubeletChain, true}
	case legacyHint == Present:
		return Decision{Legacy, ReasonKubeletChain, nftHint == Absent}
	case nft.Answers == Present && legacy.Answers == Absent:
		return Decision{NFT, ReasonOnlySupported, nft.Rules.Seen > 0}
	case legacy.Answers == Present && nft.Answers == Absent:
		return Decision{Legacy, ReasonOnlySupported, legacy.Rules.Seen > 0}
	case legacy.Rules.Seen > nft.Rules.Seen:
		return Decision{Legacy, ReasonMoreRules, nftHint == Absent && nft.Rules.Complete}
	case nft.Rules.Seen > 0:
		return Decision{NFT, ReasonMoreRules, legacyHint == Absent && legacy.Rules.Complete}
	}
	return Decision{NFT, ReasonDefault, false}
}
