// Package probe collects the evidence for package mode from the kernel: whether each mode's backend is present, whether it
// contains hint chains, and its rule count. The evidence is that of the network namespace of the calling thread.
//
// A probe takes no lock, starts no process, opens no file for writing, creates no table and loads no kernel module. [Call]
// documents its exceptions. The time and the memory of every read are limited. If a question has no answer, the outcome is
// Unknown, and [mode.Backend].Err contains the reason.
//
// Reading nf_tables and the content of legacy tables requires CAP_NET_ADMIN in the user namespace that owns the network namespace.
// Reading the list of legacy tables requires the permission to read /proc/thread-self/net/ip_tables_names (mode 0440).
//
// A caller that changes the network namespace of its thread must lock the goroutine to it first (runtime.LockOSThread).
package probe

import (
	"math"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// bufferSize is the size of the one buffer for all reads. The kernel makes the parts of a dump as long as the first reads, up to
// 32 KiB (netlink_dump in net/netlink/af_netlink.c). But a larger allocation costs more than the system calls that it saves.
const bufferSize = 16 << 10

const (
	maxReads = 8192 // of a dump or a file, of at most bufferSize each: some 300,000 rules
	maxTries = 5    // of a dump or a table that changes while it is read
)

// All collects all evidence, without side effects.
func All() (e mode.Evidence) {
	buf := make([]byte, bufferSize)
	nft := newNFT(&e.NFT, buf)
	defer nft.close()
	if nft.loaded == mode.Present || nft.mayAsk(false, func() bool { return true }) {
		nft.hints(false)
	}
	if nft.noModules {
		nft.compat() // on a kernel without modules, a question loads none
	}
	nft.measure(false, math.MaxUint64)
	nft.measure(true, math.MaxUint64)
	legacy := newLegacy(&e.Legacy, buf, false)
	defer legacy.close()
	legacy.measure(true)
	return e
}

// Call collects evidence for a process that is about to execute iptables, and stops as soon as the decision is final. pinnable
// reports whether a pin could be written; only then Call reads /proc/kallsyms, which takes tens of milliseconds.
//
// Call has side effects that iptables itself would have. If legacy seems empty, it asks nf_tables. Before it guesses nft, it asks
// nft_compat. The kernel may load these modules to answer. If Call is not permitted to list the legacy tables, it asks for table
// mangle, which creates an empty one on some kernels.
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
	// A call that finds nothing in legacy executes iptables-nft, which loads nf_tables too, or fails to.
	load := e.Decide().Reason == mode.ReasonDefault
	if nft.loaded != mode.Present && nft.mayAsk(load, func() bool { return hinted && pinnable() }) {
		nft.hints(true)
	}
	if r := e.Decide().Reason; r == mode.ReasonKubeletChain || r == mode.ReasonKubeProxyChain {
		return e // without rule counts
	}
	// Bounds first: they take a system call per table or one short message per chain, but an exact count reads all rules.
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

// enough returns the rule count of nft at which a call selects nft and can stop counting.
func enough(legacy mode.RuleCount) uint64 {
	if legacy.Bounded {
		return max(legacy.Most, 1)
	}
	return max(legacy.Least, 1)
}

// managed contains the tables that iptables manages. Neither mode of iptables creates objects in other tables.
var managed = [...]string{"filter", "nat", mode.HintTable, "raw", "security"}

// unsure records the reason that a part of b is Unknown. It keeps the first reason, because later ones often follow from it.
func unsure(b *mode.Backend, err error) {
	if b.Err == nil {
		b.Err = err
	}
}

// steady repeats read while it fails with EAGAIN. After too many attempts it returns the error changing.
func steady(changing error, read func() error) error {
	for range maxTries {
		if err := read(); err != unix.EAGAIN {
			return err
		}
	}
	return changing
}

// retry repeats a system call that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
