// Package probe asks the kernel for the evidence that package mode decides by: whether each mode's backend is present,
// whether it contains hint chains, and its rule count. The answer is that of the network namespace of the calling thread.
//
// A probe takes no lock, starts no process, opens no file for writing, creates no table and loads no kernel module; [Call]
// names its exceptions. Every read is bounded in time and in memory. If a question has no answer, the outcome is Unknown, and
// [mode.Backend].Err contains the reason.
//
// To read nf_tables and the content of legacy tables takes CAP_NET_ADMIN in the user namespace that owns the network
// namespace. To read which legacy tables exist takes the permission to read /proc/thread-self/net/ip_tables_names (mode 0440).
//
// A caller that changes the network namespace of its thread locks the goroutine to it first (runtime.LockOSThread).
package probe

import (
	"math"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// bufferSize is the size of the one buffer of all reads. The kernel makes the parts of a dump as long as the first reads, up
// to 32 KiB (netlink_dump in net/netlink/af_netlink.c), but a large allocation costs more than the calls that it would spare.
const bufferSize = 16 << 10

const (
	maxReads = 8192 // of a dump or a file, of at most bufferSize each: some 300,000 rules
	maxTries = 5    // of a dump or a table that changes while it is read
)

// All collects all evidence, without a side effect.
func All() (e mode.Evidence) {
	buf := make([]byte, bufferSize)
	nft := newNFT(&e.NFT, buf)
	defer nft.close()
	if nft.loaded == mode.Present || nft.mayAsk(false, func() bool { return true }) {
		nft.hints(false)
	}
	if nft.noModules {
		nft.compat() // without modules, a question loads none
	}
	nft.measure(false, math.MaxUint64)
	nft.measure(true, math.MaxUint64)
	legacy := newLegacy(&e.Legacy, buf, false)
	defer legacy.close()
	legacy.measure(true)
	return e
}

// Call collects evidence for a program that is about to execute iptables, and stops as soon as the decision is final.
// pinnable reports whether a pin could be written; only then Call reads /proc/kallsyms, which takes tens of milliseconds.
//
// Where iptables itself would do the same, Call has side effects: if legacy seems empty, it asks nf_tables, and before it
// guesses nft it asks nft_compat, even if the kernel loads these modules for it. If it is not permitted to list the legacy
// tables, it asks for table mangle, which creates an empty one on some kernels.
func Call(pinnable func() bool) (e mode.Evidence) {
	buf := make([]byte, bufferSize)
	nft := newNFT(&e.NFT, buf)
	defer nft.close()
	if nft.loaded == mode.Present {
		if nft.hints(true); e.NFT.Hints.Kubelet() == mode.Present {
			return e
		}
	}
	legacy := newLegacy(&e.Legacy, buf, true)
	defer legacy.close()
	hinted := e.Legacy.Hints.Kubelet() == mode.Present
	if !hinted {
		legacy.measure(false)
	}
	// A call that sees nothing in legacy executes iptables-nft, which loads nf_tables too, or finds that it is not available.
	load := e.Decide().Reason == mode.ReasonDefault
	if nft.loaded != mode.Present && nft.mayAsk(load, func() bool { return hinted && pinnable() }) {
		nft.hints(true)
	}
	if r := e.Decide().Reason; r == mode.ReasonKubeletChain || r == mode.ReasonKubeProxyChain {
		return e // without rule counts
	}
	// Bounds first: they cost a system call a table, or one short message a chain, where rules have to be read one by one.
	nft.measure(false, enough(e.Legacy.Rules))
	if undecided(e.NFT.Rules, e.Legacy.Rules) {
		legacy.measure(true)
	}
	if undecided(e.NFT.Rules, e.Legacy.Rules) {
		nft.measure(true, enough(e.Legacy.Rules))
	}
	if e.NFT.Compat == mode.Unknown && e.Decide().Reason == mode.ReasonDefault {
		nft.compat()
	}
	return e
}

// undecided reports whether the bounds of the rule counts overlap.
func undecided(nft, legacy mode.RuleCount) bool {
	return !legacy.Exceeds(nft) && !(legacy.Bounded && legacy.Most <= nft.Least)
}

// enough returns the rule count of nft from which on a call chooses nft, so that it need not count any further.
func enough(legacy mode.RuleCount) uint64 {
	if legacy.Bounded {
		return max(legacy.Most, 1)
	}
	return max(legacy.Least, 1)
}

// managed are the tables that iptables itself manages. Neither mode's iptables creates anything elsewhere.
var managed = [...]string{"filter", "nat", mode.HintTable, "raw", "security"}

// probeError is fmt.Errorf("%s: %w"), without package fmt.
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

// steady calls read again while it fails with EAGAIN. The error is changing if it always does.
func steady(changing error, read func() error) error {
	for range maxTries {
		if err := read(); err != unix.EAGAIN {
			return err
		}
	}
	return changing
}

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}
