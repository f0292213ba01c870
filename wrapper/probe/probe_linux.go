// Package probe asks the kernel what package mode decides by: whether each mode's backend is there, whether kubelet's
// hint chains are in it, and how many rules it holds. It answers for the network namespace of the calling thread.
//
// A probe changes nothing. It creates no table, loads no kernel module, takes no lock, starts no process and opens no
// file for writing. It never blocks: every read is bounded in time and in memory. What could not be found out, for want
// of a capability, of /proc or of time, is reported as Unknown, and [mode.Backend].Err says why.
//
// CAP_NET_ADMIN in the user namespace that owns the network namespace is needed to see anything of nf_tables and the
// content of legacy tables. Reading which legacy tables exist takes /proc and the permission to read
// /proc/thread-self/net/ip_tables_names, which is mode 0440.
//
// A caller that changes the network namespace of its thread locks the goroutine to it first (runtime.LockOSThread).
package probe

import (
	"math"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// All finds out everything there is to find out.
func All() mode.Evidence { return gather(false) }

// Enough stops as soon as what it found settles what [mode.Decide] makes of it. The decision is the same as that on
// All; the questions left open are Unknown.
func Enough() mode.Evidence { return gather(true) }

func gather(stop bool) mode.Evidence {
	var ev mode.Evidence
	nft := openNFT(&ev.NFT)
	defer nft.close()
	nft.hints(&ev.NFT, stop)
	if stop && ev.NFT.Hints.Any() == mode.Present {
		return ev
	}
	legacy := openLegacy(&ev.Legacy)
	defer legacy.close()
	legacy.hints(&ev.Legacy)
	if stop && ev.Legacy.Hints.Any() == mode.Present {
		return ev
	}
	// Legacy first: its counts cost one system call a table, and once nft is seen to hold as many there is no need to
	// read on.
	legacy.count(&ev.Legacy)
	enough := uint64(math.MaxUint64)
	if stop {
		enough = max(ev.Legacy.Rules.Seen, 1)
	}
	nft.count(&ev.NFT, enough)
	return ev
}

const numManaged = 5

// managed returns the tables that iptables itself manages. Rules anywhere else are not made by iptables in either mode.
func managed() [numManaged]string {
	return [...]string{"filter", "nat", mode.HintTable, "raw", "security"}
}

// unsure notes why something about b is Unknown. The first reason is kept: what comes after it often follows from it.
func unsure(b *mode.Backend, err error) {
	if b.Err == nil {
		b.Err = err
	}
}
