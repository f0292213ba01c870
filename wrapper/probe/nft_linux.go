package probe

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const receiveTimeout = 1 // seconds to wait for a reply; the kernel replies before send(2) returns

var (
	errTruncated = errors.New("nf_tables: reply cut short")
	errStray     = errors.New("nf_tables: reply to something else")
)

// nft queries nf_tables. It stores its results in the Backend.
type nft struct {
	*mode.Backend
	fd        int // of the socket, -1 if it is closed
	seq       uint32
	buf       []byte
	loaded    mode.Outcome // whether nf_tables is present, detected without loading it
	noModules bool         // the kernel does not support modules
	tables    []*nftTable  // those with iptables' names, after measure has read them
	complete  bool         // all chains of tables were read
	enough    uint64       // counting stops at this rule count
}

// newNFT returns an nft that has sent no question yet.
func newNFT(b *mode.Backend, buf []byte) *nft {
	s := &nft{Backend: b, fd: -1, buf: buf}
	s.loaded = s.look()
	return s
}

// mayAsk reports whether nf_tables may be asked. If load is true, it may, even if the kernel then loads nf_tables. Otherwise it
// may be asked only if it is present. If look could not detect that, mayAsk looks in /sys and, only if worthwhile returns
// true, in /proc/kallsyms, which takes tens of milliseconds.
func (s *nft) mayAsk(load bool, worthwhile func() bool) bool {
	if s.loaded == mode.Unknown && !load {
		if inSysfs(s.buf) {
			s.loaded = mode.Present
		} else if worthwhile() {
			s.loaded = inKallsyms(s.buf)
		}
	}
	switch {
	case load || s.loaded == mode.Present:
		return true
	case s.loaded == mode.Absent:
		*s.Backend = mode.Empty(mode.Unknown)
		s.Err = errors.New("nf_tables: not loaded; a call tries to load it if legacy is empty, and is legacy if it is not available")
	default:
		s.Err = errors.New("nf_tables: not asked, because that might load it")
	}
	return false
}

// open opens the socket to the kernel's netfilter.
func (s *nft) open() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err == unix.EPROTONOSUPPORT { // netlink_create: the kernel has no nfnetlink
		s.Answers = mode.Absent
	}
	if err != nil {
		return &fs.PathError{Op: "netlink", Path: "socket", Err: err}
	}
	s.fd = fd
	timeout := unix.Timeval{Sec: receiveTimeout}
	if err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err == nil {
		// A socket that is connected to the kernel, port 0, receives messages from no other sender.
		err = unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}
	if err != nil {
		return &fs.PathError{Op: "netlink", Path: "connect", Err: err}
	}
	return nil
}

func (s *nft) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// exchange sends all requests at once. It calls each with every reply and the index of its request, until each returns false. A
// message is valid until the next call.
func (s *nft) exchange(requests []request, each func(i int, m message) (more bool, err error)) error {
	first, b := s.seq, make([]byte, 0, 512)
	for _, r := range requests {
		b = r.append(b, s.seq)
		s.seq++
	}
	if err := retry(func() error { _, err := unix.Write(s.fd, b); return err }); err != nil {
		return &fs.PathError{Op: "netlink", Path: "send", Err: err}
	}
	for range maxReads {
		n := 0
		err := retry(func() (err error) { n, err = unix.Read(s.fd, s.buf); return err })
		if err == unix.EAGAIN { // SO_RCVTIMEO
			err = unix.ETIMEDOUT
		}
		if err != nil {
			return &fs.PathError{Op: "netlink", Path: "receive", Err: err}
		}
		messages, err := syscall.ParseNetlinkMessage(s.buf[:n])
		if err != nil || len(messages) == 0 {
			return errTruncated
		}
		for _, m := range messages {
			i := m.Header.Seq - first
			if i >= uint32(len(requests)) {
				return errStray
			}
			if more, err := each(int(i), message(m)); err != nil || !more {
				return err
			}
		}
	}
	return errors.New("nf_tables: more than is read at once")
}

// ask sends requests that have one reply each. For each reply it calls answer with the index of the request, whether nf_tables or
// nft_compat is present, and the requested chain or nil. It stops when answer returns false.
func (s *nft) ask(requests []request, answer func(i int, answers mode.Outcome, chain *object) (more bool)) error {
	open := len(requests)
	return s.exchange(requests, func(i int, m message) (more bool, err error) {
		open--
		answers, chain, err := requests[i].judge(m)
		// An error ends all requests: if they are not permitted, the kernel sends one reply for all of them.
		return err == nil && answer(i, answers, chain) && open > 0, err
	})
}

// dump calls each with every object of a dump that is in iptables' tables, until each returns false. If the objects changed
// meanwhile, the error is EAGAIN.
func (s *nft) dump(r request, each func(*object) (more bool)) error {
	changed := false
	return s.exchange([]request{r}, func(_ int, m message) (more bool, err error) {
		changed = changed || m.Header.Flags&unix.NLM_F_DUMP_INTR != 0
		switch m.Header.Type {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			switch e := m.errno(); {
			case e != 0:
				return false, &fs.PathError{Op: "query", Path: "nf_tables", Err: e}
			case changed:
				return false, unix.EAGAIN
			}
			return false, nil
		case nfTables | unix.NFT_MSG_NEWTABLE, nfTables | unix.NFT_MSG_NEWCHAIN, nfTables | unix.NFT_MSG_NEWRULE:
			o, ok := parseObject(m)
			if !ok {
				return false, errTruncated
			}
			return !o.managed() || each(&o), nil
		}
		return true, nil
	})
}

// managed reports whether an object is, or is in, a table with one of iptables' names.
func (o *object) managed() bool {
	return (o.proto == unix.NFPROTO_IPV4 || o.proto == unix.NFPROTO_IPV6) && slices.Contains(managed[:], string(o.table))
}

// hints opens the socket and looks for the hint chains. If first is true, it stops at the first kubelet chain.
func (s *nft) hints(first bool) {
	var chains []request
	for f := range s.Hints {
		for h := range s.Hints[f] {
			chains = append(chains, requestChain(nfproto(mode.Family(f)), mode.HintTable, mode.Hint(h).String()))
		}
	}
	err := s.open()
	if err == nil {
		err = s.ask(chains, func(i int, answers mode.Outcome, chain *object) (more bool) {
			found := mode.Absent
			if chain != nil {
				found = mode.Present
			}
			s.Answers, s.Hints[i/mode.NumHints][i%mode.NumHints] = answers, found
			return !(first && s.Hints.Kubelet() == mode.Present) && answers != mode.Absent
		})
	}
	if s.Answers == mode.Absent {
		*s.Backend = mode.Empty(mode.Absent)
	}
	unsure(s.Backend, err)
	if err != nil || s.Answers == mode.Absent {
		s.close()
	}
}

// compat queries nft_compat, which iptables-nft needs for most rules.
func (s *nft) compat() {
	if s.fd >= 0 && s.Answers == mode.Present {
		unsure(s.Backend, s.ask([]request{requestCompat}, func(_ int, answers mode.Outcome, _ *object) (more bool) {
			s.Compat = answers
			return false
		}))
	}
}

// judge interprets the reply m. It returns whether nf_tables is present, or nft_compat if r is requestCompat, and the requested
// chain or nil. Sources: net/netfilter/nfnetlink.c, nf_tables_api.c and nft_compat.c.
func (r *request) judge(m message) (answers mode.Outcome, chain *object, err error) {
	e, compat := m.errno(), r.typ == nftCompat
	switch {
	case compat && (e == 0 || e == unix.EPROTONOSUPPORT), // xt_find_revision
		e == unix.ENOENT,                  // nft_table_lookup, nft_chain_lookup: no such table or chain; xt_find_revision
		e == unix.EAFNOSUPPORT && !compat: // before 4.17: the module of nf_tables for this family is not loaded
		return mode.Present, nil, nil
	case e == unix.EINVAL, // nfnetlink_rcv_msg: no such subsystem, and loading its module failed
		e == unix.EOPNOTSUPP, e == unix.EPROTONOSUPPORT: // gVisor: netlink without netfilter
		return mode.Absent, nil, nil
	case m.Header.Type == unix.NLMSG_ERROR: // mostly EPERM, which nfnetlink_rcv returns before it looks for the subsystem
		return mode.Unknown, nil, &fs.PathError{Op: "query", Path: "nf_tables", Err: e}
	case m.Header.Type != nfTables|unix.NFT_MSG_NEWCHAIN:
		return mode.Unknown, nil, errStray
	}
	o, ok := parseObject(m)
	switch {
	case !ok:
		return mode.Unknown, nil, errTruncated
	case o.proto != r.proto || string(o.table) != r.attributes[unix.NFTA_CHAIN_TABLE] ||
		string(o.chain) != r.attributes[unix.NFTA_CHAIN_NAME]:
		return mode.Unknown, nil, errStray
	}
	return mode.Present, &o, nil
}
