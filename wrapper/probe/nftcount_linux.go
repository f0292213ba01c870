package probe

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// manyChains is the number of chains that are enough for a call to attribute a table to iptables-nft before it has read a base
// chain.
const manyChains = 64

var errChanging = errors.New("nf_tables: rules change while they are counted")

// baseChains are the base chains that iptables-nft creates, the same in families ip and ip6 (iptables/nft.c, xtables_ipv4). The
// hooks are numbers of enum nf_inet_hooks, include/uapi/linux/netfilter.h.
var baseChains = [...]struct {
	table, name, kind string
	hook              uint32
	priority          int32
}{
	{"raw", "PREROUTING", "filter", 0, -300}, {"raw", "OUTPUT", "filter", 3, -300},
	{"mangle", "PREROUTING", "filter", 0, -150}, {"mangle", "INPUT", "filter", 1, -150}, {"mangle", "FORWARD", "filter", 2, -150},
	{"mangle", "OUTPUT", "route", 3, -150}, {"mangle", "POSTROUTING", "filter", 4, -150},
	{"nat", "PREROUTING", "nat", 0, -100}, {"nat", "OUTPUT", "nat", 3, -100},
	{"nat", "INPUT", "nat", 1, 100}, {"nat", "POSTROUTING", "nat", 4, 100},
	{"filter", "INPUT", "filter", 1, 0}, {"filter", "FORWARD", "filter", 2, 0}, {"filter", "OUTPUT", "filter", 3, 0},
	// Not the kernel's own security priority, which is 50.
	{"security", "INPUT", "filter", 1, 150}, {"security", "FORWARD", "filter", 2, 150}, {"security", "OUTPUT", "filter", 3, 150},
}

// nftTable is a table with one of iptables' names. Only objects that iptables-nft can have created in it count.
type nftTable struct {
	proto        byte
	name         string
	own          uint32          // the base chains that iptables-nft created or can use: a bit for each index in baseChains
	incompatible bool            // has a base chain with a name of iptables-nft that it cannot use: iptables-nft refuses the table
	foreign      map[string]bool // the other base chains
	fixed        uint64          // user-defined chains, and policies other than ACCEPT
	rules        mode.RuleCount
}

// add adds a chain. Adding a base chain twice is allowed.
func (t *nftTable) add(o *object) {
	i := 0
	for i < len(baseChains) && (baseChains[i].table != t.name || baseChains[i].name != string(o.chain)) {
		i++
	}
	switch {
	case !o.base:
		t.fixed++
		// The use count of a chain is the number of its rules and of the jumps to it.
		t.rules = t.rules.Plus(mode.RuleCount{Least: 1, Most: uint64(o.use) + 1, Bounded: true})
	case i == len(baseChains):
		t.foreign[string(o.chain)] = true
	case string(o.kind) != baseChains[i].kind || o.hook != baseChains[i].hook || o.priority != baseChains[i].priority:
		t.incompatible = true
	case t.own&(1<<i) == 0:
		t.own |= 1 << i
		t.rules = t.rules.Plus(mode.Exactly(uint64(o.use))) // no rule can jump to a base chain
		if o.policy != accept {
			t.fixed++
			t.rules = t.rules.Plus(mode.Exactly(1))
		}
	}
}

// counts reports whether the table counts. All of its chains must have been added.
func (t *nftTable) counts() bool { return !t.incompatible && (t.own != 0 || len(t.foreign) == 0) }

// measure finds the rule count. If exactly is false, it finds bounds with one short message per chain; otherwise it counts rule by
// rule. It stops when the rule count reaches enough.
func (s *nft) measure(exactly bool, enough uint64) {
	if s.fd < 0 || s.Rules.Exact() {
		return
	}
	s.enough = enough
	var err error
	if exactly {
		err = s.rules()
	} else {
		err = steady(errChanging, s.chains)
	}
	if err == nil && s.wanting() {
		s.complete = true
		s.Rules = s.sum()
		return
	}
	unsure(s.Backend, err)
	s.Rules = mode.RuleCount{Least: s.sum().Least}
	s.close() // the kernel still sends the rest of an unfinished dump on it
}

// sum adds up the tables that count. Until all chains were read, only tables with iptables-nft's base chains or many chains count.
func (s *nft) sum() mode.RuleCount {
	sum := mode.Exactly(0)
	for _, t := range s.tables {
		if t.counts() && (s.complete || t.own != 0 || t.fixed >= max(s.enough, manyChains)) {
			sum = sum.Plus(t.rules)
		}
	}
	return sum
}

// wanting reports whether the known rule count is still less than enough.
func (s *nft) wanting() bool { return s.sum().Least < s.enough }

// chains reads the tables and their chains.
func (s *nft) chains() error {
	s.tables = nil
	err := s.dump(requestAll(unix.NFT_MSG_GETTABLE, 0, ""), func(o *object) (more bool) {
		if o.flags&tableOwned == 0 {
			t := &nftTable{proto: o.proto, name: string(o.table), foreign: map[string]bool{}, rules: mode.Exactly(0)}
			s.tables = append(s.tables, t)
		}
		return true
	})
	// The base chains of iptables-nft come first: a request by name takes constant time.
	var bases []request
	for _, t := range s.tables {
		for _, b := range baseChains {
			if b.table == t.name {
				bases = append(bases, requestChain(t.proto, b.table, b.name))
			}
		}
	}
	if err == nil && len(bases) > 0 {
		err = s.ask(bases, func(_ int, _ mode.Outcome, chain *object) (more bool) {
			if chain != nil && chain.base {
				s.add(chain)
			}
			return true
		})
	}
	for f := range mode.Family(mode.NumFamilies) {
		// A family without a table of iptables is not read: it may have thousands of chains (kube-proxy's nftables mode).
		ours := slices.ContainsFunc(s.tables, func(t *nftTable) bool { return t.proto == nfproto(f) && !t.incompatible })
		if err == nil && ours && s.wanting() {
			err = s.dump(requestAll(unix.NFT_MSG_GETCHAIN, nfproto(f), ""), s.add)
		}
	}
	return err
}

// add adds a chain to its table, and returns whether the known rule count is still less than enough.
func (s *nft) add(o *object) (more bool) {
	for _, t := range s.tables {
		if t.proto != o.proto || t.name != string(o.table) || t.incompatible {
			continue
		}
		t.add(o)
	}
	return s.wanting()
}

// rules counts the rules of each table one by one.
func (s *nft) rules() (err error) {
	for _, t := range s.tables {
		if err != nil || !t.counts() || t.rules.Exact() || !s.wanting() {
			continue
		}
		err = steady(errChanging, func() error {
			t.rules = mode.Exactly(t.fixed)
			return s.dump(requestAll(unix.NFT_MSG_GETRULE, t.proto, t.name), func(o *object) (more bool) {
				// Kernels before 4.10 ignore the table in the request.
				if string(o.table) == t.name && !t.foreign[string(o.chain)] {
					t.rules = t.rules.Plus(mode.Exactly(1))
				}
				return s.wanting()
			})
		})
	}
	return err
}
