package probe

import "github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"

// baseChains are the base chains that iptables-nft creates, in families ip and ip6 alike (iptables/nft.c, xtables_ipv4), with
// a bit for each hook.
var baseChains = [...]struct {
	table, kind string
	hooks       uint32
	priority    int32
}{
	{"raw", "filter", 0b01001, -300},
	{"mangle", "filter", 0b10111, -150},
	{"mangle", "route", 0b01000, -150},
	{"nat", "nat", 0b01001, -100},
	{"nat", "nat", 0b10010, 100},
	{"filter", "filter", 0b01110, 0},
	{"security", "filter", 0b01110, 150}, // not the kernel's own security priority, which is 50
}

// hooks are iptables' names of enum nf_inet_hooks, include/uapi/linux/netfilter.h.
var hooks = [...]string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}

// ownerFlag is NFT_TABLE_F_OWNER of include/uapi/linux/netfilter/nf_tables.h: the table belongs to a process.
const ownerFlag = 2

// nftTable is a table with one of iptables' names. Only what iptables-nft can have created in it counts.
type nftTable struct {
	proto        byte
	name         string
	own          bool            // has a base chain that iptables-nft created, or can use
	incompatible bool            // has one with a name of iptables-nft's that it cannot use: it refuses the table
	foreign      map[string]bool // the other base chains
	fixed        uint64          // user-defined chains, and policies other than ACCEPT
	rules        mode.RuleCount
}

// add adds a chain.
func (t *nftTable) add(o *object) {
	switch named, usable := o.builtIn(); {
	case !o.base:
		t.fixed++
		// Its use count is the number of its rules and of the jumps to it.
		t.rules = t.rules.Plus(mode.RuleCount{Least: 1, Most: uint64(o.use) + 1, Bounded: true})
	case !named:
		if t.foreign == nil {
			t.foreign = map[string]bool{}
		}
		t.foreign[string(o.chain)] = true
	case !usable:
		t.incompatible = true
	default:
		t.own = true
		t.rules = t.rules.Plus(mode.Exactly(uint64(o.use))) // a base chain cannot be jumped to
		if o.policy != accept {
			t.fixed++
			t.rules = t.rules.Plus(mode.Exactly(1))
		}
	}
}

// counts reports whether the table counts, once all of its chains were added.
func (t *nftTable) counts() bool { return !t.incompatible && (t.own || len(t.foreign) == 0) }

// builtIn reports whether a chain has a name that iptables-nft gives a base chain of its own in this table, and whether
// iptables-nft can use it as that.
func (o *object) builtIn() (named, usable bool) {
	for _, b := range baseChains {
		for hook, name := range hooks {
			if b.hooks&(1<<hook) != 0 && string(o.table) == b.table && string(o.chain) == name {
				return true, string(o.kind) == b.kind && o.hook == uint32(hook) && o.priority == b.priority
			}
		}
	}
	return false, false
}

// bases asks for the base chains of iptables-nft in all tables by name, in constant time.
func (s *nft) bases() error {
	var questions []question
	var tables []*nftTable
	for _, t := range s.tables {
		for _, b := range baseChains {
			for hook, name := range hooks {
				if b.hooks&(1<<hook) != 0 && b.table == t.name {
					questions, tables = append(questions, question{t.proto, t.name, name}), append(tables, t)
				}
			}
		}
	}
	return s.ask(questions, func(i int, m message) (more bool, err error) {
		_, chain, err := questions[i].judge(m)
		if err == nil && chain != nil && chain.base {
			tables[i].add(chain)
		}
		return true, err
	})
}
