package probe

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	receiveTimeout = 1    // seconds a reply is waited for; the kernel replies before send(2) returns
	maxReplies     = 64   // to one set of questions, stray messages included
	maxDumpReads   = 1024 // of at most 32 KiB each: some 200,000 chains
	maxDumps       = 4    // of one family: nf_tables flags a dump during which its rules changed
)

var (
	errTruncated = errors.New("nf_tables: reply cut short")
	errStray     = errors.New("nf_tables: reply to something else")
	errTooLarge  = errors.New("nf_tables: too many chains to count the rules")
	errChanging  = errors.New("nf_tables: rules change while they are counted")
	errNotLoaded = errors.New("nf_tables: not loaded")
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

// nft is an open socket to nf_tables, or closed.
type nft struct {
	fd  int // -1 if closed
	seq uint32
	buf []byte
}

// openNFT opens a socket to nf_tables unless that would load a kernel module. If it returns it closed, b says why.
func openNFT(b *mode.Backend) *nft {
	s := &nft{fd: -1, buf: make([]byte, 64<<10)} // one reply has at most 32 KiB; /proc/modules may be longer
	if loaded(s.buf) == mode.Absent {
		*b = mode.Missing()
		b.Err = errNotLoaded
		return s
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		if judgeSocket(err) == mode.Absent {
			*b = mode.Missing()
		}
		b.Err = &probeError{"netlink socket", err}
		return s
	}
	timeout := unix.Timeval{Sec: receiveTimeout}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		b.Err = &probeError{"netlink timeout", err}
	} else if err := unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		// Connected to the kernel, port 0, the socket takes messages from nobody else.
		b.Err = &probeError{"netlink connect", err}
	}
	if b.Err != nil {
		unix.Close(fd)
		return s
	}
	s.fd = fd
	return s
}

func (s *nft) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// hints looks for the hint chains; with first, only until one is found.
func (s *nft) hints(b *mode.Backend, first bool) {
	if s.fd < 0 {
		return
	}
	var qs [mode.NumFamilies * mode.NumHints]question
	for i := range qs {
		qs[i] = question{mode.Family(i / mode.NumHints), mode.HintTable, mode.Hint(i % mode.NumHints).String()}
	}
	err := s.ask(qs[:], func(i int, answers, object mode.Outcome) (more bool) {
		b.Hints[i/mode.NumHints][i%mode.NumHints] = object
		if answers != mode.Unknown {
			b.Answers = answers
		}
		return !(first && object == mode.Present) && answers != mode.Absent
	})
	if b.Answers == mode.Absent {
		*b = mode.Missing()
		s.close()
	}
	if err != nil {
		unsure(b, err)
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

// count counts the rules of the tables that iptables manages, until there are enough of them.
//
// A chain's use count is the number of its rules and of the jumps to it, so the sum is a little high. It takes one short
// message a chain, where dumping rules takes a long one a rule.
func (s *nft) count(b *mode.Backend, enough uint64) {
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
	var ours [mode.NumFamilies]bool
	err := s.ask(qs[:], func(i int, _, object mode.Outcome) bool {
		if object == mode.Present {
			ours[i/len(tables)] = true
		}
		return true
	})
	b.Rules.Complete = err == nil
	for f := range ours {
		if err != nil || !ours[f] {
			continue
		}
		var n uint64
		if n, err = s.countFamily(mode.Family(f), enough-b.Rules.Seen); err != nil {
			b.Rules.Complete = false
		}
		if b.Rules.Seen += n; b.Rules.Seen >= enough {
			b.Rules.Complete = false // there may be more
			break
		}
	}
	if err != nil {
		unsure(b, err)
	}
	s.close() // a dump that was left half-way is still under way on it
}

// countFamily counts the rules of one family until there are enough. If it returns an error, there are at least as many
// as it returns.
func (s *nft) countFamily(f mode.Family, enough uint64) (uint64, error) {
	for try := 1; ; try++ {
		n, changed, err := s.dump(f, enough)
		if err != nil || !changed || n >= enough {
			return n, err
		}
		if try == maxDumps {
			return n, errChanging
		}
	}
}

// dump adds up the use counts of one family's chains. changed says that the rules changed on the way.
func (s *nft) dump(f mode.Family, enough uint64) (n uint64, changed bool, err error) {
	s.seq++
	if err := s.send(appendChainDump(make([]byte, 0, headerLen+genLen), s.seq, f)); err != nil {
		return 0, false, err
	}
	for range maxDumpReads {
		reply, err := s.receive()
		if err != nil {
			return n, changed, err
		}
		for len(reply) > 0 {
			m, rest, ok := cutMessage(reply)
			if !ok {
				return n, changed, errTruncated
			}
			reply = rest
			changed = changed || m.flags&unix.NLM_F_DUMP_INTR != 0
			switch {
			case m.seq != s.seq:
				return n, changed, errStray
			case m.typ == unix.NLMSG_DONE, m.typ == unix.NLMSG_ERROR:
				if e := m.errno(); e != 0 {
					return n, changed, &probeError{"nf_tables", e}
				}
				return n, changed, nil
			case m.is(unix.NFT_MSG_NEWCHAIN):
				o, ok := parseObject(m)
				if !ok {
					return n, changed, errTruncated
				}
				for _, table := range managed() {
					if string(o.table) == table {
						n += uint64(o.use)
					}
				}
			}
			if n >= enough {
				return n, changed, nil
			}
		}
	}
	return n, changed, errTooLarge
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
