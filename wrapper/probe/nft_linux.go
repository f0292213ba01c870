package probe

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// judge returns whether nf_tables is present, by the error that it replies to a request for a chain;
// net/netfilter/nfnetlink.c and nf_tables_api.c.
func judge(e unix.Errno) mode.Outcome {
	switch e {
	case unix.ENOENT, // nft_table_lookup, nft_chain_lookup: the table or the chain does not exist
		unix.EAFNOSUPPORT: // before 4.17: the module of nf_tables for this family is not loaded
		return mode.Present
	case unix.EINVAL, // nfnetlink_rcv_msg: no such subsystem, in a kernel without nf_tables
		unix.EOPNOTSUPP, unix.EPROTONOSUPPORT: // gVisor: netlink, but no netfilter over it
		return mode.Absent
	}
	return mode.Unknown // above all EPERM, which nfnetlink_rcv returns before it looks for nf_tables
}

// nft asks nf_tables. Its conclusions go into the Backend.
type nft struct {
	*mode.Backend
	fd        int // of the socket, -1 if closed
	seq       uint32
	buf       []byte
	loaded    mode.Outcome // whether nf_tables is present without loading it
	noModules bool         // the kernel has none
	tables    []*nftTable  // those with iptables' names, once bound has read them
	complete  bool         // all of their chains were read
	changed   bool         // the rules changed during a dump
	enough    uint64       // the rule count from which on it need not be counted further
}

// newNFT returns an nft that has not asked anything yet.
func newNFT(b *mode.Backend, buf []byte) *nft {
	s := &nft{Backend: b, fd: -1, buf: buf}
	s.loaded = s.look()
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
		s.Err = errors.New("nf_tables: not loaded; a call tries to load it if legacy is empty, and is legacy if it is not available")
	default:
		s.Err = errors.New("nf_tables: not asked, because that might load it")
	}
}

// ask sends requests for chains, and calls answer with the index of each that was replied to, whether nf_tables is present
// and the chain, nil if there is none, until it returns false.
func (s *nft) ask(chains []request, answer func(i int, answers mode.Outcome, chain *object) (more bool)) error {
	open := len(chains)
	return s.exchange(chains, func(i int, m message) (more bool, err error) {
		open--
		answers, chain, err := chains[i].judge(m)
		// An error is one of all: not permitted, the kernel refuses the whole lot with one reply.
		return err == nil && answer(i, answers, chain) && open > 0, err
	})
}

// hints looks for the hint chains; with first, only until a kubelet chain is found.
func (s *nft) hints(first bool) {
	if s.fd < 0 {
		return
	}
	chains := make([]request, 0, mode.NumFamilies*mode.NumHints)
	for i := range cap(chains) {
		f, h := mode.Family(i/mode.NumHints), mode.Hint(i%mode.NumHints)
		chains = append(chains, requestChain(nfproto(f), mode.HintTable, h.String()))
	}
	err := s.ask(chains, func(i int, answers mode.Outcome, chain *object) (more bool) {
		found := mode.Absent
		if chain != nil {
			found = mode.Present
		}
		s.Answers, s.Hints[i/mode.NumHints][i%mode.NumHints] = answers, found
		return !(first && s.Hints.Kubelet() == mode.Present) && answers != mode.Absent
	})
	if s.Answers == mode.Absent {
		*s.Backend = mode.Empty(mode.Absent)
	}
	unsure(s.Backend, err)
	if err != nil || s.Answers == mode.Absent {
		s.close()
	}
}

// judge interprets the reply m to a request for a chain. chain is nil if there is none.
func (r *request) judge(m message) (answers mode.Outcome, chain *object, err error) {
	switch m.Header.Type {
	case unix.NLMSG_ERROR:
		if answers = judge(m.errno()); answers == mode.Unknown {
			return mode.Unknown, nil, &probeError{"nf_tables", m.errno()}
		}
		return answers, nil, nil
	case nfTables | unix.NFT_MSG_NEWCHAIN:
		switch o, ok := parseObject(m); {
		case !ok:
			return mode.Unknown, nil, errTruncated
		case o.proto == r.proto && string(o.table) == r.attributes[unix.NFTA_CHAIN_TABLE] &&
			string(o.chain) == r.attributes[unix.NFTA_CHAIN_NAME]:
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
	unsure(s.Backend, s.exchange([]request{requestCompat}, func(_ int, m message) (more bool, err error) {
		s.Compat = judgeCompat(m)
		return false, nil
	}))
}

// judgeCompat returns whether nft_compat is present, by its reply to requestCompat.
func judgeCompat(m message) mode.Outcome {
	if m.Header.Type != unix.NLMSG_ERROR {
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
