// Package probe asks the kernel for the evidence that package mode decides by: whether each mode's backend is present,
// whether it contains hint chains, and its rule count. The answer is that of the network namespace of the calling thread.
//
// A probe takes no lock, starts no process and opens no file for writing. [All] changes nothing at all: it creates no table
// and loads no kernel module. [Call] names its exceptions. A probe never blocks: every read is bounded in time and in
// memory. If a question has no answer, for lack of a capability, of /proc or of time, the outcome is Unknown, and
// [mode.Backend].Err says why.
//
// To read nf_tables and the content of legacy tables takes CAP_NET_ADMIN in the user namespace that owns the network
// namespace. To read which legacy tables exist takes /proc and the permission to read /proc/thread-self/net/ip_tables_names,
// which is mode 0440.
//
// A caller that changes the network namespace of its thread locks the goroutine to it first (runtime.LockOSThread).
package probe

import "github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"

// All collects all evidence, without a side effect.
func All() mode.Evidence {
	p := prober{pinnable: func() bool { return true }}
	return p.gather()
}

// Call collects evidence for a program that is about to execute iptables, and stops as soon as the decision is final.
// pinnable reports whether a pin could be written; only then Call reads /proc/kallsyms, which takes tens of milliseconds.
//
// Where iptables itself would do the same, Call has side effects: if legacy seems empty, it asks nf_tables, and before it
// guesses nft it asks nft_compat, even if the kernel loads these modules for it. If it is not permitted to list the legacy
// tables, it asks for table mangle, which creates an empty one on some kernels.
func Call(pinnable func() bool) mode.Evidence {
	p := prober{call: true, pinnable: pinnable}
	return p.gather()
}

// bufferSize is that of the one buffer of all reads, in bytes: the kernel makes the parts of a dump as long as the first
// reads ask for, up to 32 KiB (netlink_dump in net/netlink/af_netlink.c), and the Go runtime's first large allocation costs
// more than the calls that it would spare.
const bufferSize = 16 << 10

type prober struct {
	mode.Evidence
	call     bool
	pinnable func() bool
}

func (p *prober) gather() mode.Evidence {
	buf := make([]byte, bufferSize)
	nft := newNFT(&p.NFT, buf)
	defer nft.close()
	if nft.loaded == mode.Present {
		nft.open()
		if nft.hints(p.call); p.call && p.NFT.Hints.Kubelet() == mode.Present {
			return p.Evidence
		}
	}
	legacy := newLegacy(&p.Legacy, buf, p.call)
	defer legacy.close()
	legacy.hints()
	hinted := p.Legacy.Hints.Kubelet() == mode.Present
	if !p.call || !hinted {
		legacy.measure(false)
	}
	if nft.loaded != mode.Present {
		nft.decideToAsk(p.call && mayLoad(&p.Legacy), func() bool { return !p.call || hinted && p.pinnable() })
		nft.hints(p.call)
	}
	if p.call && p.chainDecides() {
		return p.Evidence
	}
	if !p.call && nft.monolithic {
		nft.compat() // without modules, a question loads none
	}
	// Bounds first: they cost a system call a table, or one short message a chain, where rules have to be read one by one.
	nft.bound(p.enough())
	if !p.call || p.undecided() {
		legacy.measure(true)
	}
	if !p.call || p.undecided() {
		nft.count(p.enough())
	}
	if p.call && p.NFT.Compat == mode.Unknown && p.reason() == mode.ReasonDefault {
		nft.compat()
	}
	return p.Evidence
}

// mayLoad reports whether a call may ask nf_tables although the kernel may load it for that: nothing was seen in legacy, so
// the call executes iptables-nft, which loads nf_tables too, or finds that nf_tables is not available.
func mayLoad(legacy *mode.Backend) bool {
	return legacy.Rules.Least == 0 && legacy.Hints.Kubelet() != mode.Present && legacy.Hints.KubeProxy() != mode.Present
}

// reason returns the reason that the evidence so far leads to.
func (p *prober) reason() mode.Reason {
	return mode.Decide(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: p.Evidence}).Reason
}

// chainDecides reports whether a hint chain decides, so that rule counts are not needed.
func (p *prober) chainDecides() bool {
	r := p.reason()
	return r == mode.ReasonKubeletChain || r == mode.ReasonKubeProxyChain
}

// undecided reports whether the bounds of the rule counts overlap.
func (p *prober) undecided() bool {
	return !p.Legacy.Rules.Exceeds(p.NFT.Rules) && !p.Legacy.Rules.NeverExceeds(p.NFT.Rules)
}

// enough returns the rule count from which on a call chooses nft, so that it need not count any further.
func (p *prober) enough() uint64 {
	switch {
	case !p.call:
		return 1<<64 - 1
	case p.Legacy.Rules.Bounded:
		return max(p.Legacy.Rules.Most, 1)
	}
	return max(p.Legacy.Rules.Least, 1)
}

// managed are the tables that iptables itself manages. Neither mode's iptables creates anything elsewhere.
var managed = [...]string{"filter", "nat", mode.HintTable, "raw", "security"}

// probeError is a system call that failed, and its purpose. It is fmt.Errorf("%s: %w") without package fmt, which the
// wrapper's hot path does without.
type probeError struct {
	op  string
	err error
}

func (e *probeError) Error() string { return e.op + ": " + e.err.Error() }

func (e *probeError) Unwrap() error { return e.err }

// unsure notes why something about b is Unknown. The first reason is kept: later ones often follow from it.
func unsure(b *mode.Backend, err error) {
	if b.Err == nil {
		b.Err = err
	}
}
