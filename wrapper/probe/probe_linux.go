// Package probe asks the kernel what package mode decides by: whether each mode's backend is there, whether kubelet's
// hint chains are in it, and how much it holds. It answers for the network namespace of the calling thread.
//
// A probe changes nothing. It creates no table, takes no lock, starts no process and opens no file for writing; [All] loads
// no kernel module either. It never blocks: every read is bounded in time and in memory. What could not be found out, for
// want of a capability, of /proc or of time, is reported as Unknown, and [mode.Backend].Err says why.
//
// CAP_NET_ADMIN in the user namespace that owns the network namespace is needed to see anything of nf_tables and the
// content of legacy tables. Reading which legacy tables exist takes /proc and the permission to read
// /proc/thread-self/net/ip_tables_names, which is mode 0440.
//
// A caller that changes the network namespace of its thread locks the goroutine to it first (runtime.LockOSThread).
package probe

import "github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"

// All finds out everything there is to find out without loading a module.
func All() mode.Evidence { return gather(false) }

// UntilSettled is for a program that is about to run iptables. It stops as soon as the decision is settled (see package mode),
// and leaves the other questions open. If legacy surely holds nothing, it asks nf_tables even where that makes the
// kernel load it, since what is left is to run iptables-nft, which does the same, or to find that it could not.
func Call(pinnable func() bool) mode.Evidence { return gather(true) }

// bufferSize is that of the one buffer of all reads, in bytes: the kernel makes the parts of a dump as long as the first
// reads ask for, up to 32 KiB (netlink_dump in net/netlink/af_netlink.c), and the Go runtime's first large allocation costs
// more than the calls that it would spare.
const bufferSize = 16 << 10

func gather(call bool) mode.Evidence {
	var ev mode.Evidence
	buf := make([]byte, bufferSize)
	nft := newNFT(&ev.NFT, buf)
	defer nft.close()
	if nft.loaded == mode.Present {
		nft.open()
		if nft.hints(call); call && ev.NFT.Hints.Kubelet() == mode.Present {
			return ev
		}
	}
	legacy := newLegacy(&ev.Legacy, buf)
	defer legacy.close()
	legacy.hints()
	hinted := ev.Legacy.Hints.Kubelet() == mode.Present
	if !call || !hinted {
		legacy.measure(false)
	}
	if nft.loaded != mode.Present {
		nft.decideToAsk(call && !hinted && ev.Legacy.Rules.Least == 0)
		nft.hints(call)
	}
	if call && (hinted || ev.NFT.Hints.Kubelet() == mode.Present) {
		return ev
	}
	// Bounds first: they cost a system call a table, or one short message a chain, where rules have to be read one by one.
	nft.bound(enough(&ev, call))
	if !call || open(&ev) {
		legacy.measure(true)
	}
	if !call || open(&ev) {
		nft.count(enough(&ev, call))
	}
	return ev
}

// open reports whether it is still open which backend holds more.
func open(ev *mode.Evidence) bool {
	return !ev.Legacy.Rules.Exceeds(ev.NFT.Rules) && !ev.Legacy.Rules.NeverExceeds(ev.NFT.Rules)
}

// enough is what nft needs to hold for a call to choose it; to look for more would change nothing.
func enough(ev *mode.Evidence, call bool) uint64 {
	switch {
	case !call:
		return 1<<64 - 1
	case ev.Legacy.Rules.Bounded:
		return max(ev.Legacy.Rules.Most, 1)
	}
	return max(ev.Legacy.Rules.Least, 1)
}

// managed are the tables that iptables itself manages. What is anywhere else is not made by iptables in either mode.
var managed = [...]string{"filter", "nat", mode.HintTable, "raw", "security"}

// probeError is a system call that failed, and what for. It is fmt.Errorf("%s: %w") without package fmt, which the
// wrapper's hot path does without.
type probeError struct {
	op  string
	err error
}

func (e *probeError) Error() string { return e.op + ": " + e.err.Error() }

func (e *probeError) Unwrap() error { return e.err }

// unsure notes why something about b is Unknown. The first reason is kept: what comes after it often follows from it.
func unsure(b *mode.Backend, err error) {
	if b.Err == nil {
		b.Err = err
	}
}
