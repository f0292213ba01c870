package probe

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	manyChains = 64 // of a table without a base chain so far: a call takes it for iptables-nft's
	maxTries   = 4  // nf_tables flags a dump during which its rules changed
)

var errChanging = errors.New("nf_tables: rules change while they are counted")

// bound finds out between which numbers the rule count is, until it is known to be enough. It takes one short message a chain.
func (s *nft) bound() {
	if s.fd >= 0 {
		s.conclude(s.steady(s.chains))
	}
}

// chains reads the tables and their chains.
func (s *nft) chains() error {
	s.tables, s.Owners = nil, mode.Owners{}
	err := s.dump(requestAll(unix.NFT_MSG_GETTABLE, 0, ""), func(o *object) (more bool) {
		if o.flags&ownerFlag == 0 {
			s.tables = append(s.tables, &nftTable{proto: o.proto, name: string(o.table), rules: mode.Exactly(0)})
		}
		return true
	})
	if err == nil && len(s.tables) > 0 {
		err = s.bases()
	}
	for f := range mode.Family(mode.NumFamilies) {
		// Without a table of iptables, a family is not read: it may have thousands of chains (kube-proxy's nftables mode).
		ours := slices.ContainsFunc(s.tables, func(t *nftTable) bool { return t.proto == nfproto(f) && !t.incompatible })
		if err == nil && ours && s.sum().Least < s.enough {
			err = s.dump(requestAll(unix.NFT_MSG_GETCHAIN, nfproto(f), ""), s.addChain)
		}
	}
	return err
}

// tableOf returns the table that o is in, nil if it is none that counts.
func (s *nft) tableOf(o *object) *nftTable {
	for _, t := range s.tables {
		if t.proto == o.proto && t.name == string(o.table) {
			return t
		}
	}
	return nil
}

// addChain adds a chain that bases has not added, and returns whether that is still not enough.
func (s *nft) addChain(o *object) (more bool) {
	named, _ := o.builtIn()
	if t := s.tableOf(o); t != nil && !t.incompatible && !(o.base && named) {
		if t.add(o); !o.base {
			s.Owners.Count(o.chain)
		}
	}
	return s.sum().Least < s.enough
}

// count counts rule by rule, until there is enough.
func (s *nft) count() {
	if s.fd < 0 || s.Rules.Exact() {
		return
	}
	var err error
	for _, t := range s.tables {
		if err != nil || !t.counts() || t.rules.Exact() || s.sum().Least >= s.enough {
			continue
		}
		err = s.steady(func() error {
			t.rules = mode.Exactly(t.fixed)
			return s.dump(requestAll(unix.NFT_MSG_GETRULE, t.proto, t.name), func(o *object) (more bool) {
				// Kernels before 4.10 do not know the choice of a table.
				if string(o.table) == t.name && !t.foreign[string(o.chain)] {
					t.rules = t.rules.Plus(mode.Exactly(1))
				}
				return s.sum().Least < s.enough
			})
		})
	}
	s.conclude(err)
}

// sum adds up the tables that count: until all chains were read, those with a base chain of iptables-nft or many chains.
func (s *nft) sum() (sum mode.RuleCount) {
	sum.Bounded = true
	for _, t := range s.tables {
		if t.counts() && (s.complete || t.own || t.fixed >= max(s.enough, manyChains)) {
			sum = sum.Plus(t.rules)
		}
	}
	return sum
}

// conclude notes the rule count, or that there may be more than was seen.
func (s *nft) conclude(err error) {
	if err == nil && s.sum().Least < s.enough {
		s.complete = true
		s.Rules = s.sum()
		return
	}
	unsure(s.Backend, err)
	s.Rules = mode.RuleCount{Least: s.sum().Least}
	s.close() // a dump that was left half-way is still under way on it
}

// steady calls f again if the rules changed during its dumps.
func (s *nft) steady(f func() error) error {
	for range maxTries {
		s.changed = false
		if err := f(); err != nil || !s.changed {
			return err
		}
	}
	return errChanging
}

// dump calls each with every object of a dump that is in iptables' tables, until it returns false.
func (s *nft) dump(r request, each func(*object) (more bool)) error {
	return s.exchange([]request{r}, func(_ int, m message) (more bool, err error) {
		s.changed = s.changed || m.Header.Flags&unix.NLM_F_DUMP_INTR != 0
		switch m.Header.Type {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			if e := m.errno(); e != 0 {
				return false, &probeError{"nf_tables", e}
			}
			return false, nil
		case nfTables | unix.NFT_MSG_NEWTABLE, nfTables | unix.NFT_MSG_NEWCHAIN, nfTables | unix.NFT_MSG_NEWRULE:
			o, ok := parseObject(m)
			if !ok {
				return false, errTruncated
			}
			if o.managed() && !each(&o) {
				s.changed = false // it does not matter any more
				return false, nil
			}
		}
		return true, nil
	})
}

// managed reports whether an object is, or is in, a table with one of iptables' names.
func (o *object) managed() bool {
	return (o.proto == unix.NFPROTO_IPV4 || o.proto == unix.NFPROTO_IPV6) && slices.Contains(managed[:], string(o.table))
}
