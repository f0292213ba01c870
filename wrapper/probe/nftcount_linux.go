package probe

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	maxDumpReads = 8192 // of at most 16 KiB each: some 300,000 rules
	maxDumps     = 4    // of one kind: nf_tables flags a dump during which its rules changed
)

// bound finds out between which numbers the amount held is, until it is known to be enough. It takes one short message a
// chain: a chain's use count is the number of its rules and of the jumps to it, so of a user-defined chain it says no more
// than how many rules are in it at most. (A built-in chain cannot be jumped to.)
func (s *nft) bound(enough uint64) {
	if s.fd < 0 {
		return
	}
	err := s.dump(dump{typ: unix.NFT_MSG_GETTABLE}, func() { s.ours = nil }, func(o object) bool {
		s.ours = append(s.ours, dump{unix.NFT_MSG_GETRULE, o.proto, string(o.table)})
		return true
	})
	s.Rules.Bounded = err == nil
	for f := range mode.Family(mode.NumFamilies) {
		// A family may hold thousands of chains of others (kube-proxy's nftables mode): they are read only if it has a table
		// of ours.
		ours := slices.ContainsFunc(s.ours, func(d dump) bool { return d.proto == nfproto(f) })
		if err != nil || !ours || s.Rules.Least >= enough {
			continue
		}
		held, owners, fixed := s.Rules, s.Owners, s.fixed
		restart := func() { s.Rules, s.Owners, s.fixed = held, owners, fixed }
		err = s.dump(dump{typ: unix.NFT_MSG_GETCHAIN, proto: nfproto(f)}, restart, s.addChain(enough))
	}
	s.conclude(err, enough)
}

// addChain returns a function that adds a chain to what is held, and returns whether that is still not enough.
func (s *nft) addChain(enough uint64) func(object) bool {
	return func(o object) bool {
		rules := mode.Exactly(uint64(o.use))
		if !o.base {
			rules.Least = 0
			s.Owners.Count(o.chain)
		}
		if !o.base || o.policy != accept {
			s.fixed++
			rules = rules.Plus(mode.Exactly(1))
		}
		s.Rules = s.Rules.Plus(rules)
		return s.Rules.Least < enough
	}
}

// count counts rule by rule, until there is enough.
func (s *nft) count(enough uint64) {
	if s.fd < 0 || s.Rules.Exact() {
		return
	}
	total, err := mode.Exactly(s.fixed), error(nil)
	total.Bounded = s.Rules.Bounded
	for _, rules := range s.ours {
		if before := total; err == nil && total.Least < enough {
			err = s.dump(rules, func() { total = before }, func(object) bool {
				total = total.Plus(mode.Exactly(1))
				return total.Least < enough
			})
		}
	}
	s.Rules = total
	s.conclude(err, enough)
}

// conclude notes that there may be more than was seen.
func (s *nft) conclude(err error, enough uint64) {
	if err != nil {
		unsure(s.Backend, err)
	}
	if err != nil || s.Rules.Least >= enough {
		s.Rules.Bounded = false
		s.close() // a dump that was left half-way is still under way on it
	}
}

// dump calls each with everything that a dump has of iptables' tables, until it returns false. If that changes on the way it
// begins again, after restart.
func (s *nft) dump(d dump, restart func(), each func(object) (more bool)) error {
	for try := 1; ; try++ {
		changed, err := s.dumpOnce(d, each)
		if err != nil || !changed {
			return err
		}
		if try == maxDumps {
			return errChanging
		}
		restart()
	}
}

func (s *nft) dumpOnce(d dump, each func(object) (more bool)) (changed bool, err error) {
	s.seq++
	err = s.exchange(appendDump(make([]byte, 0, 64), s.seq, d), maxDumpReads, func(m message) (more bool, err error) {
		changed = changed || m.flags&unix.NLM_F_DUMP_INTR != 0
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
				changed = false // it does not matter any more
				return false, nil
			}
		}
		return true, nil
	})
	return changed, err
}

// managed tells whether an object is, or is in, a table of iptables.
func (o *object) managed() bool {
	return (o.proto == unix.NFPROTO_IPV4 || o.proto == unix.NFPROTO_IPV6) && slices.Contains(managed[:], string(o.table))
}
