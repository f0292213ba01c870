package mode

// Reason identifies a row of the decision table. The values are stable: scripts compare them.
type Reason string

// The reasons, in the order of the table.
const (
	ReasonOverride       Reason = "override"         // IPTABLES_WRAPPER_MODE is set
	ReasonOnlyInstalled  Reason = "only-installed"   // the other mode's binaries are not installed
	ReasonKubeletChain   Reason = "kubelet-chain"    // a kubelet chain is in this mode
	ReasonKubeProxyChain Reason = "kube-proxy-chain" // kube-proxy's chain is in this mode, and was not seen in the other
	ReasonMoreRules      Reason = "more-rules"       // this mode has rules, and at least as many as the other
	ReasonOnlySupported  Reason = "only-supported"   // both counts are 0, and the kernel supports only this mode
	ReasonDefault        Reason = "default"          // no evidence, or no permission to look
)

// Inputs contains everything on which a decision depends.
type Inputs struct {
	Override        Mode // zero for none
	NFTInstalled    bool
	LegacyInstalled bool
	Evidence        Evidence
}

// Decision is a mode and the reason for it.
type Decision struct {
	Mode   Mode
	Reason Reason
	// Pin reports whether the decision is final: a kubelet chain is in this mode, and no missing answer could lead to the other
	// mode. Rules never make a decision final, because a guess may have led to them.
	Pin bool
}

// WithoutEvidence returns the decision of the rows that need no evidence, if one of them matches. Callers check this before a
// probe.
func WithoutEvidence(in *Inputs) (Decision, bool) {
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

// Decide returns the decision of the first row that matches. It is a pure function.
func Decide(in *Inputs) Decision {
	if d, ok := WithoutEvidence(in); ok {
		return d
	}
	return in.Evidence.Decide()
}

// Decide returns the decision of the rows that need evidence, as if both modes were installed.
// To select a row, Decide treats Unknown like Absent, because a call must execute a binary. For Pin it does not. For example, if a
// kubelet chain is in legacy and the question for one in nft timed out, the decision is legacy without Pin. The row only-supported
// requires an answer.
func (e *Evidence) Decide() Decision {
	nft, legacy := &e.NFT, &e.Legacy
	nftKubelet, nftProxy, legacyProxy := nft.Hints.Kubelet(), nft.Hints.KubeProxy(), legacy.Hints.KubeProxy()
	switch {
	case nftKubelet == Present:
		return Decision{NFT, ReasonKubeletChain, true}
	case legacy.Hints.Kubelet() == Present:
		return Decision{Legacy, ReasonKubeletChain, nftKubelet == Absent}
	case nftProxy == Present && legacyProxy != Present:
		return Decision{NFT, ReasonKubeProxyChain, false}
	case legacyProxy == Present && nftProxy != Present:
		return Decision{Legacy, ReasonKubeProxyChain, false}
	case legacy.Rules.Least > nft.Rules.Least:
		return Decision{Legacy, ReasonMoreRules, false}
	case nft.Rules.Least > 0:
		return Decision{NFT, ReasonMoreRules, false}
	case nft.Answers == Absent || nft.Compat == Absent:
		return Decision{Legacy, ReasonOnlySupported, false}
	case nft.Answers == Present && legacy.Answers == Absent:
		return Decision{NFT, ReasonOnlySupported, false}
	}
	return Decision{NFT, ReasonDefault, false}
}
