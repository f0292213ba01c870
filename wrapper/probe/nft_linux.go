package probe

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	receiveTimeout = 1    // seconds a reply is waited for; the kernel replies before send(2) returns
	maxReplies     = 64   // to one set of questions, stray messages included
	maxDumpReads   = 8192 // of at most 16 KiB each: some 300,000 rules
	maxDumps       = 4    // of one family: nf_tables flags a dump during which its rules changed
)

var (
	errTruncated = errors.New("nf_tables: reply cut short")
	errStray     = errors.New("nf_tables: reply to something else")
	errTooLarge  = errors.New("nf_tables: too many rules to count")
	errChanging  = errors.New("nf_tables: rules change while they are counted")
	errNotLoaded = errors.New("nf_tables: not loaded; a call tries to load it if legacy holds nothing, and is legacy where it cannot be had")
	errMayLoad   = errors.New("nf_tables: not asked, since that might load it")
)

// judge says what an error reply to a question means: whether nf_tables answered at all, and whether the object asked
// for exists. This is the one place that gives errno values a meaning; net/netfilter/nfnetlink.c and nf_tables_api.c.
func judge(e unix.Errno) (answers, object mode.Outcome) {
	switch e {
	case unix.ENOENT: // nft_table_lookup, nft_chain_lookup: nf_tables is there, the table or chain is not
		return mode.Present, mode.Absent
	case unix.EAFNOSUPPORT: // before 4.17: nf_tables is there, its module for this family is not
		return mode.Present, mode.Absent
	case unix.EINVAL: // nfnetlink_rcv_msg: no such subsystem, in a kernel without nf_tables
		return mode.Absent, mode.Absent
	case unix.EOPNOTSUPP, unix.EPROTONOSUPPORT: // gVisor: netlink, but no netfilter over it
		return mode.Absent, mode.Absent
	}
	// Above all EPERM, for want of CAP_NET_ADMIN: nfnetlink_rcv looks at that before it looks for nf_tables. And
	// ENOMEM, ENOBUFS and whatever a later kernel thinks of.
	return mode.Unknown, mode.Unknown
}

// judgeSocket says what it means that socket(2) failed. Inconclusive errors are Unknown.
func judgeSocket(err error) mode.Outcome {
	switch err {
	case unix.EPROTONOSUPPORT, unix.EAFNOSUPPORT: // no nfnetlink; no netlink at all
		return mode.Absent
	}
	return mode.Unknown
}

// nft asks nf_tables. What it concludes goes into the Backend.
type nft struct {
	*mode.Backend
	loaded mode.Outcome // whether nf_tables is there without anybody loading it
	fd     int          // -1 if closed
	seq    uint32
	buf    []byte
	ours   []question // tables of iptables that exist, once bound has asked
	fixed  uint64     // of what is held: user-defined chains, and policies other than ACCEPT
}

// newNFT finds out whether nf_tables can be asked without the kernel loading a module.
func newNFT(b *mode.Backend, buf []byte) *nft {
	return &nft{Backend: b, loaded: loaded(buf), fd: -1, buf: buf}
}

// decideToAsk opens the socket where it was not clear at first that this loads nothing. With load it does not matter.
func (s *nft) decideToAsk(load bool) {
	if s.loaded == mode.Unknown && !load {
		s.loaded = builtIn(s.buf)
	}
	switch {
	case load || s.loaded == mode.Present:
		s.open()
	case s.loaded == mode.Absent:
		*s.Backend = mode.Empty(mode.Unknown)
		s.Err = errNotLoaded
	default:
		s.Err = errMayLoad
	}
}

func (s *nft) open() {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		if judgeSocket(err) == mode.Absent {
			*s.Backend = mode.Empty(mode.Absent)
		}
		s.Err = &probeError{"netlink socket", err}
		return
	}
	timeout := unix.Timeval{Sec: receiveTimeout}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		s.Err = &probeError{"netlink timeout", err}
	} else if err := unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		// Connected to the kernel, port 0, the socket takes messages from nobody else.
		s.Err = &probeError{"netlink connect", err}
	}
	if s.Err != nil {
		unix.Close(fd)
		return
	}
	s.fd = fd
}

func (s *nft) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// hints looks for the hint chains; with first, only until one is found.
func (s *nft) hints(first bool) {
	if s.fd < 0 {
		return
	}
	var qs [mode.NumFamilies * mode.NumHints]question
	for i := range qs {
		qs[i] = question{mode.Family(i / mode.NumHints), mode.HintTable, mode.Hint(i % mode.NumHints).String()}
	}
	err := s.ask(qs[:], func(i int, answers, object mode.Outcome) (more bool) {
		s.Hints[i/mode.NumHints][i%mode.NumHints] = object
		if answers != mode.Unknown {
			s.Answers = answers
		}
		return !(first && object == mode.Present) && answers != mode.Absent
	})
	if s.Answers == mode.Absent {
		*s.Backend = mode.Empty(mode.Absent)
		s.close()
	}
	if err != nil {
		unsure(s.Backend, err)
		s.close()
	}
}

// ask sends all questions at once and calls answer for each reply, until it returns false.
func (s *nft) ask(qs []question, answer func(i int, answers, object mode.Outcome) (more bool)) error {
	request := make([]byte, 0, 1024)
	first := s.seq + 1
	for _, q := range qs {
		s.seq++
		request = appendQuestion(request, s.seq, q)
	}
	if err := s.send(request); err != nil {
		return err
	}
	open := len(qs)
	for range maxReplies {
		reply, err := s.receive()
		if err != nil {
			return err
		}
		for len(reply) > 0 {
			m, rest, ok := cutMessage(reply)
			if !ok {
				return errTruncated
			}
			reply = rest
			i := int(m.seq - first)
			if i < 0 || i >= len(qs) {
				return errStray
			}
			answers, object, err := judgeReply(m, qs[i])
			if err != nil {
				// Not permitted: the kernel refuses the whole lot with one reply.
				return err
			}
			open--
			if !answer(i, answers, object) || open == 0 {
				return nil
			}
		}
	}
	return errStray
}

// judgeReply says what the reply m to question q means.
func judgeReply(m message, q question) (answers, found mode.Outcome, err error) {
	switch {
	case m.typ == unix.NLMSG_ERROR:
		answers, found = judge(m.errno())
		if answers == mode.Unknown {
			return answers, found, &probeError{"nf_tables", m.errno()}
		}
		return answers, found, nil
	case m.is(unix.NFT_MSG_NEWCHAIN), m.is(unix.NFT_MSG_NEWTABLE):
		o, ok := parseObject(m)
		if !ok {
			return mode.Unknown, mode.Unknown, errTruncated
		}
		if string(o.table) != q.table || string(o.chain) != q.chain {
			return mode.Unknown, mode.Unknown, errStray
		}
		return mode.Present, mode.Present, nil
	}
	return mode.Unknown, mode.Unknown, errStray
}

// bound finds out between which numbers the amount held is, until it is known to be enough. It takes one short message a
// chain: a chain's use count is the number of its rules and of the jumps to it, so of a user-defined chain it says no more
// than how many rules are in it at most. (A built-in chain cannot be jumped to.)
func (s *nft) bound(enough uint64) {
	if s.fd < 0 {
		return
	}
	// A family may hold thousands of chains of others (kube-proxy's nftables mode): its chains are read only if it has a
	// table of ours.
	tables := managed()
	var qs [mode.NumFamilies * len(tables)]question
	for i := range qs {
		qs[i] = question{mode.Family(i / len(tables)), tables[i%len(tables)], ""}
	}
	err := s.ask(qs[:], func(i int, _, object mode.Outcome) bool {
		if object == mode.Present {
			s.ours = append(s.ours, qs[i])
		}
		return true
	})
	s.Held.Bounded = err == nil
	for i, q := range s.ours {
		if err != nil || s.Held.Least >= enough || (i > 0 && q.family == s.ours[i-1].family) {
			continue // one dump has the chains of all tables of a family
		}
		held, owners, fixed := s.Held, s.Owners, s.fixed
		err = s.dump(unix.NFT_MSG_GETCHAIN, q, func() { s.Held, s.Owners, s.fixed = held, owners, fixed }, s.addChain(enough))
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
		s.Held = s.Held.Plus(rules)
		return s.Held.Least < enough
	}
}

// count counts rule by rule, until there is enough.
func (s *nft) count(enough uint64) {
	if s.fd < 0 || s.Held.Exact() {
		return
	}
	total, err := mode.Exactly(s.fixed), error(nil)
	total.Bounded = s.Held.Bounded
	for _, q := range s.ours {
		if before := total; err == nil && total.Least < enough {
			err = s.dump(unix.NFT_MSG_GETRULE, q, func() { total = before }, func(object) bool {
				total = total.Plus(mode.Exactly(1))
				return total.Least < enough
			})
		}
	}
	s.Held = total
	s.conclude(err, enough)
}

// conclude notes that there may be more than was seen.
func (s *nft) conclude(err error, enough uint64) {
	if err != nil {
		unsure(s.Backend, err)
	}
	if err != nil || s.Held.Least >= enough {
		s.Held.Bounded = false
		s.close() // a dump that was left half-way is still under way on it
	}
}

// dump calls each with every object of iptables' tables that a dump has, until it returns false: the chains of a family or
// the rules of a table. If they change on the way it begins again, after restart.
func (s *nft) dump(typ uint16, q question, restart func(), each func(object) (more bool)) error {
	for try := 1; ; try++ {
		changed, err := s.dumpOnce(typ, q, each)
		if err != nil || !changed {
			return err
		}
		if try == maxDumps {
			return errChanging
		}
		restart()
	}
}

func (s *nft) dumpOnce(typ uint16, q question, each func(object) (more bool)) (changed bool, err error) {
	s.seq++
	if err := s.send(appendDump(make([]byte, 0, 64), s.seq, typ, q)); err != nil {
		return false, err
	}
	for range maxDumpReads {
		reply, err := s.receive()
		if err != nil {
			return false, err
		}
		for len(reply) > 0 {
			m, rest, ok := cutMessage(reply)
			if !ok {
				return false, errTruncated
			}
			reply = rest
			changed = changed || m.flags&unix.NLM_F_DUMP_INTR != 0
			switch {
			case m.seq != s.seq:
				return false, errStray
			case m.typ == unix.NLMSG_DONE, m.typ == unix.NLMSG_ERROR:
				if e := m.errno(); e != 0 {
					return false, &probeError{"nf_tables", e}
				}
				return changed, nil
			case m.is(unix.NFT_MSG_NEWCHAIN), m.is(unix.NFT_MSG_NEWRULE):
				o, ok := parseObject(m)
				if !ok {
					return false, errTruncated
				}
				if wanted(m, o, q) && !each(o) {
					return false, nil
				}
			}
		}
	}
	return false, errTooLarge
}

// wanted tells whether the object is in the table that was asked for or, if it is a chain, in any table of iptables.
func wanted(m message, o object, q question) bool {
	if m.is(unix.NFT_MSG_NEWRULE) {
		return string(o.table) == q.table
	}
	for _, table := range managed() {
		if string(o.table) == table {
			return true
		}
	}
	return false
}

func (s *nft) send(b []byte) error {
	for {
		_, err := unix.Write(s.fd, b)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &probeError{"netlink send", err}
		}
	}
}

// receive returns the next datagram. It is valid until the next call.
func (s *nft) receive() ([]byte, error) {
	for {
		n, err := unix.Read(s.fd, s.buf)
		switch {
		case err == nil && n == 0:
			return nil, errTruncated
		case err == nil:
			return s.buf[:n], nil
		case err == unix.EAGAIN: // SO_RCVTIMEO
			return nil, &probeError{"netlink receive", unix.ETIMEDOUT}
		case err != unix.EINTR:
			return nil, &probeError{"netlink receive", err}
		}
	}
}
