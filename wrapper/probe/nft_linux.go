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
	errNotLoaded = errors.New("nf_tables: not loaded; a call tries to load it if legacy is empty, and is legacy if it is not available")
	errMayLoad   = errors.New("nf_tables: not asked, because that might load it")
)

// judge says what an error reply to a question means: whether nf_tables is present, if the chain asked for is not. This is
// the one place that interprets errno values of a reply; net/netfilter/nfnetlink.c and nf_tables_api.c.
func judge(e unix.Errno) mode.Outcome {
	switch e {
	case unix.ENOENT: // nft_table_lookup, nft_chain_lookup: nf_tables is present, the table or the chain is not
		return mode.Present
	case unix.EAFNOSUPPORT: // before 4.17: nf_tables is present, its module for this family is not
		return mode.Present
	case unix.EINVAL: // nfnetlink_rcv_msg: no such subsystem, in a kernel without nf_tables
		return mode.Absent
	case unix.EOPNOTSUPP, unix.EPROTONOSUPPORT: // gVisor: netlink, but no netfilter over it
		return mode.Absent
	}
	// Above all EPERM, for lack of CAP_NET_ADMIN: nfnetlink_rcv checks that before it looks for nf_tables. Also
	// ENOMEM, ENOBUFS and errors of later kernels.
	return mode.Unknown
}

// nft asks nf_tables. Its conclusions go into the Backend.
type nft struct {
	*mode.Backend
	netlink
	loaded     mode.Outcome // whether nf_tables is present without loading it
	monolithic bool         // the kernel cannot load modules
	tables     []*nftTable  // those with iptables' names, once bound has read them
	changed    bool         // the rules changed during a dump
}

// newNFT finds out whether nf_tables can be asked without the kernel loading a module.
func newNFT(b *mode.Backend, buf []byte) *nft {
	s := &nft{Backend: b, netlink: netlink{fd: -1, buf: buf}}
	var m modules
	if s.loaded, m = loaded(buf); m.nftCompat {
		b.Compat = mode.Present
	}
	s.monolithic = m.none
	return s
}

// decideToAsk opens the socket where it was not clear at first that this loads nothing. With load, the kernel may load
// nf_tables. Otherwise cheap signs that it is present count; the costly answer is looked up only if settle agrees.
func (s *nft) decideToAsk(load bool, settle func() bool) {
	if s.loaded == mode.Unknown && !load {
		if inSysfs(s.buf) {
			s.loaded = mode.Present
		} else if settle() {
			s.loaded = inKallsyms(s.buf)
		}
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
	if errors.Is(err, unix.EPROTONOSUPPORT) { // netlink_create: the kernel has no nfnetlink
		*s.Backend = mode.Empty(mode.Absent)
	}
	s.Err = err
}

// ask sends all questions at once, and calls answer with the index of each question that was replied to, until it returns
// false.
func (s *nft) ask(questions []question, answer func(i int, m message) (more bool, err error)) error {
	request := make([]byte, 0, 512)
	for i, q := range questions {
		request = appendQuestion(request, s.seq+uint32(i), q)
	}
	open := len(questions)
	err := s.exchange(request, maxReplies, func(m message) (more bool, err error) {
		i := int(m.seq - s.seq)
		if i < 0 || i >= len(questions) {
			return false, errStray
		}
		open--
		more, err = answer(i, m)
		return more && open > 0, err
	})
	s.seq += uint32(len(questions))
	return err
}

// hints looks for the hint chains; with first, only until a kubelet chain is found.
func (s *nft) hints(first bool) {
	if s.fd < 0 {
		return
	}
	questions := make([]question, 0, mode.NumFamilies*mode.NumHints)
	for i := range cap(questions) {
		f, h := mode.Family(i/mode.NumHints), mode.Hint(i%mode.NumHints)
		questions = append(questions, question{nfproto(f), mode.HintTable, h.String()})
	}
	err := s.ask(questions, func(i int, m message) (more bool, err error) {
		answers, chain, err := questions[i].judge(m)
		if err != nil {
			return false, err // of all: not permitted, the kernel refuses the whole lot with one reply
		}
		found := mode.Absent
		if chain != nil {
			found = mode.Present
		}
		s.Answers, s.Hints[i/mode.NumHints][i%mode.NumHints] = answers, found
		return !(first && s.Hints.Kubelet() == mode.Present) && answers != mode.Absent, nil
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

// judge says what the reply m to a question means. chain is nil if there is no such chain.
func (q *question) judge(m message) (answers mode.Outcome, chain *object, err error) {
	switch {
	case m.typ == unix.NLMSG_ERROR:
		if answers = judge(m.errno()); answers == mode.Unknown {
			return mode.Unknown, nil, &probeError{"nf_tables", m.errno()}
		}
		return answers, nil, nil
	case m.is(unix.NFT_MSG_NEWCHAIN):
		switch o, ok := parseObject(m); {
		case !ok:
			return mode.Unknown, nil, errTruncated
		case o.proto == q.proto && string(o.table) == q.table && string(o.chain) == q.chain:
			return mode.Present, &o, nil
		}
	}
	return mode.Unknown, nil, errStray
}

// compat asks nft_compat, which iptables-nft needs for most rules.
func (s *nft) compat() {
	if s.fd < 0 || s.Answers != mode.Present {
		return
	}
	s.seq++
	err := s.exchange(appendCompat(nil, s.seq), maxReplies, func(m message) (more bool, err error) {
		if m.seq != s.seq {
			return false, errStray
		}
		s.Compat = judgeCompat(m)
		return false, nil
	})
	if err != nil {
		unsure(s.Backend, err)
	}
}

// judgeCompat says what the reply to appendCompat's message means.
func judgeCompat(m message) mode.Outcome {
	if m.typ != unix.NLMSG_ERROR {
		return mode.Present
	}
	switch m.errno() {
	case unix.EINVAL: // nfnetlink_rcv_msg: no such subsystem, and it could not be loaded
		return mode.Absent
	case unix.ENOENT, unix.EPROTONOSUPPORT, 0: // xt_find_revision
		return mode.Present
	}
	return mode.Unknown
}
