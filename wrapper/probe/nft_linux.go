package probe

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const maxReplies = 64 // to one set of questions, stray messages included

var (
	errTruncated = errors.New("nf_tables: reply cut short")
	errStray     = errors.New("nf_tables: reply to something else")
	errTooLarge  = errors.New("nf_tables: more than is read at once")
	errChanging  = errors.New("nf_tables: rules change while they are counted")
	errNotLoaded = errors.New("nf_tables: not loaded; a call tries to load it if legacy holds nothing, and is legacy where it cannot be had")
	errMayLoad   = errors.New("nf_tables: not asked, since that might load it")
)

// judge says what an error reply to a question means: whether nf_tables is there, if the chain asked for is not. This is the
// one place that gives errno values of a reply a meaning; net/netfilter/nfnetlink.c and nf_tables_api.c.
func judge(e unix.Errno) mode.Outcome {
	switch e {
	case unix.ENOENT: // nft_table_lookup, nft_chain_lookup: nf_tables is there, the table or the chain is not
		return mode.Present
	case unix.EAFNOSUPPORT: // before 4.17: nf_tables is there, its module for this family is not
		return mode.Present
	case unix.EINVAL: // nfnetlink_rcv_msg: no such subsystem, in a kernel without nf_tables
		return mode.Absent
	case unix.EOPNOTSUPP, unix.EPROTONOSUPPORT: // gVisor: netlink, but no netfilter over it
		return mode.Absent
	}
	// Above all EPERM, for want of CAP_NET_ADMIN: nfnetlink_rcv looks at that before it looks for nf_tables. And
	// ENOMEM, ENOBUFS and whatever a later kernel thinks of.
	return mode.Unknown
}

// nft asks nf_tables. What it concludes goes into the Backend.
type nft struct {
	*mode.Backend
	netlink
	loaded mode.Outcome // whether nf_tables is there without anybody loading it
	ours   []dump       // of the rules of each table of iptables, once bound has found out which there are
	fixed  uint64       // of what is held: user-defined chains, and policies other than ACCEPT
}

// newNFT finds out whether nf_tables can be asked without the kernel loading a module.
func newNFT(b *mode.Backend, buf []byte) *nft {
	return &nft{Backend: b, loaded: loaded(buf), netlink: netlink{fd: -1, buf: buf}}
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
	err := s.netlink.open()
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) { // no nfnetlink; no netlink at all
		*s.Backend = mode.Empty(mode.Absent)
	}
	s.Err = err
}

// hints looks for the hint chains; with first, only until one is found.
func (s *nft) hints(first bool) {
	if s.fd < 0 {
		return
	}
	// All questions are sent at once; the reply to each has its sequence number.
	request, count := make([]byte, 0, 256), mode.NumFamilies*mode.NumHints
	for i := range count {
		request = appendQuestion(request, s.seq+uint32(i), mode.Family(i/mode.NumHints), mode.Hint(i%mode.NumHints))
	}
	open := count
	err := s.exchange(request, maxReplies, func(m message) (more bool, err error) {
		i := int(m.seq - s.seq)
		if i < 0 || i >= count {
			return false, errStray
		}
		answers, found, err := judgeReply(m, mode.Hint(i%mode.NumHints))
		if err != nil {
			return false, err // of all: not permitted, the kernel refuses the whole lot with one reply
		}
		s.Answers, s.Hints[i/mode.NumHints][i%mode.NumHints] = answers, found
		open--
		return !(first && found == mode.Present) && answers != mode.Absent && open > 0, nil
	})
	s.seq += uint32(count)
	if s.Answers == mode.Absent {
		*s.Backend = mode.Empty(mode.Absent)
		s.close()
	}
	if err != nil {
		unsure(s.Backend, err)
		s.close()
	}
}

// judgeReply says what the reply m to the question for a hint chain means.
func judgeReply(m message, h mode.Hint) (answers, found mode.Outcome, err error) {
	switch {
	case m.typ == unix.NLMSG_ERROR:
		if answers = judge(m.errno()); answers == mode.Unknown {
			return mode.Unknown, mode.Unknown, &probeError{"nf_tables", m.errno()}
		}
		return answers, mode.Absent, nil
	case m.is(unix.NFT_MSG_NEWCHAIN):
		switch o, ok := parseObject(m); {
		case !ok:
			return mode.Unknown, mode.Unknown, errTruncated
		case string(o.table) == mode.HintTable && string(o.chain) == h.String():
			return mode.Present, mode.Present, nil
		}
	}
	return mode.Unknown, mode.Unknown, errStray
}
