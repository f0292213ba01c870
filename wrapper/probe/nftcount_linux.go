package probe

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	maxDumpReads = 8192 // of at most 16 KiB each: some 300,000 rules
	maxTries     = 4    // nf_tables flags a dump during which its rules changed
)

// bound finds out between which numbers the rule count is, until it is known to be enough. It takes one short message a chain.
func (s *nft) bound(enough uint64) {
	if s.fd < 0 {
		return
	}
	s.conclude(s.steady(func() error {
		s.tables, s.Rules, s.Owners = nil, mode.RuleCount{}, mode.Owners{}
		err := s.dump(dump{typ: unix.NFT_MSG_GETTABLE}, func(o object) (more bool) {
			if o.flags&ownerFlag == 0 {
				s.tables = append(s.tables, &nftTable{proto: o.proto, name: string(o.table), rules: mode.Exactly(0)})
			}
			return true
		})
		if err == nil && len(s.tables) > 0 {
			err = s.bases()
		}
		for _, t := range s.tables {
			if t.own && !t.incompatible {
				s.Rules.Least += t.rules.Least
			}
		}
		for f := range mode.Family(mode.NumFamilies) {
			// A family may have thousands of chains of others (kube-proxy's nftables mode): they are read only if it has a
			// table of iptables.
			ours := slices.ContainsFunc(s.tables, func(t *nftTable) bool { return t.proto == nfproto(f) && !t.incompatible })
			if err == nil && ours && s.Rules.Least < enough {
				err = s.dump(dump{typ: unix.NFT_MSG_GETCHAIN, proto: nfproto(f)}, s.addChain(enough))
			}
		}
		return err
	}), enough)
}

// addChain returns a function that adds a chain which bases has not added, and returns whether that is still not enough.
func (s *nft) addChain(enough uint64) func(object) (more bool) {
	return func(o object) bool {
		named, _ := o.builtIn()
		i := slices.IndexFunc(s.tables, func(t *nftTable) bool { return t.proto == o.proto && t.name == string(o.table) })
		if i < 0 || s.tables[i].incompatible || o.base && named {
			return true
		}
		t := s.tables[i]
		t.add(&o)
		if !o.base {
			s.Owners.Count(o.chain)
			if t.own {
				s.Rules.Least++
			}
		}
		return s.Rules.Least < enough
	}
}

// count counts rule by rule, until there is enough.
func (s *nft) count(enough uint64) {
	if s.fd < 0 || s.Rules.Exact() {
		return
	}
	var err error
	for _, t := range s.tables {
		if err != nil || !t.counts() || t.rules.Exact() || s.Rules.Least >= enough {
			continue
		}
		least := s.Rules.Least - t.rules.Least + t.fixed
		err = s.steady(func() error {
			s.Rules.Least, t.rules = least, mode.Exactly(t.fixed)
			return s.dump(dump{unix.NFT_MSG_GETRULE, t.proto, t.name}, func(o object) (more bool) {
				if !t.foreign[string(o.chain)] {
					t.rules = t.rules.Plus(mode.Exactly(1))
					s.Rules.Least++
				}
				return s.Rules.Least < enough
			})
		})
	}
	s.conclude(err, enough)
}

// conclude adds up the tables that count, or notes that there may be more than was seen.
func (s *nft) conclude(err error, enough uint64) {
	if err != nil || s.Rules.Least >= enough {
		if err != nil {
			unsure(s.Backend, err)
		}
		s.Rules.Bounded = false
		s.close() // a dump that was left half-way is still under way on it
		return
	}
	s.Rules = mode.Exactly(0)
	for _, t := range s.tables {
		if t.counts() {
			s.Rules = s.Rules.Plus(t.rules)
		}
	}
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
func (s *nft) dump(d dump, each func(object) (more bool)) error {
	s.seq++
	return s.exchange(appendDump(make([]byte, 0, 64), s.seq, d), maxDumpReads, func(m message) (more bool, err error) {
		s.changed = s.changed || m.flags&unix.NLM_F_DUMP_INTR != 0
		switch {
		case m.seq != s.seq:
			return false, errStray
		case m.typ == unix.NLMSG_DONE, m.typ == unix.NLMSG_ERROR:
			if e := m.errno(); e != 0 {
				return false, &probeError{"nf_tables", e}
			}
			return false, nil
		case m.is(unix.NFT_MSG_NEWTABLE), m.is(unix.NFT_MSG_NEWCHAIN), m.is(unix.NFT_MSG_NEWRULE):
			o, ok := parseObject(m)
			if !ok {
				return false, errTruncated
			}
			// Kernels before 4.10 do not know the choice of a table.
			if o.managed() && (d.table == "" || string(o.table) == d.table) && !each(o) {
				s.changed = false // it does not matter any more
				return false, nil
			}
		}
		return true, nil
	})
}

// managed tells whether an object is, or is in, a table with one of iptables' names.
func (o *object) managed() bool {
	return (o.proto == unix.NFPROTO_IPV4 || o.proto == unix.NFPROTO_IPV6) && slices.Contains(managed[:], string(o.table))
}
