package probe

import (
	"encoding/binary"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// answering returns an nft whose socket is one end of a pair. The other end replies to each request with the next datagram, and
// with nothing if no datagram is left.
func answering(t *testing.T, replies ...func(request message) []byte) *nft {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	setTimeout(t, fds[0], unix.Timeval{Sec: 60}) // long enough for a reply on a busy machine
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, bufferSize)
		for _, reply := range replies {
			n, err := unix.Read(fds[1], buf)
			requests, parseErr := syscall.ParseNetlinkMessage(buf[:max(n, 0)])
			if err != nil || parseErr != nil || len(requests) == 0 {
				return
			}
			if datagram := reply(message(requests[0])); len(datagram) > 0 {
				_, _ = unix.Write(fds[1], datagram)
			}
		}
	}()
	t.Cleanup(func() {
		unix.Close(fds[0])
		<-done
		unix.Close(fds[1])
	})
	return &nft{Backend: new(mode.Backend), fd: fds[0], seq: 100, buf: make([]byte, bufferSize)}
}

func setTimeout(t *testing.T, fd int, timeout unix.Timeval) {
	t.Helper()
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		t.Fatal(err)
	}
}

// reply returns a message in the kernel's format.
func reply(typ, flags uint16, seq uint32, proto byte, name string) []byte {
	r := request{typ: typ, proto: proto, attributes: [4]string{unix.NFTA_TABLE_NAME: name}}
	b := r.append(nil, seq)
	binary.NativeEndian.PutUint16(b[6:], flags)
	return b
}

func tableReply(name string, flags uint16) func(message) []byte {
	return func(m message) []byte {
		return slices.Concat(reply(nfTables|unix.NFT_MSG_NEWTABLE, flags, m.Header.Seq, unix.NFPROTO_IPV4, name),
			reply(unix.NLMSG_DONE, unix.NLM_F_MULTI, m.Header.Seq, 0, ""))
	}
}

// tables returns the tables of a dump.
func tables(s *nft) (names []string, err error) {
	err = steady(errChanging, func() error {
		names = nil
		return s.dump(requestAll(unix.NFT_MSG_GETTABLE, 0, ""), func(o *object) bool {
			names = append(names, string(o.table))
			return true
		})
	})
	return names, err
}

func TestDumpBeginsAgain(t *testing.T) {
	got, err := tables(answering(t, tableReply("filter", unix.NLM_F_DUMP_INTR), tableReply("nat", unix.NLM_F_MULTI)))
	if err != nil || !slices.Equal(got, []string{"nat"}) {
		t.Errorf("a dump that changed once: %q, %v", got, err)
	}
	changing := slices.Repeat([]func(message) []byte{tableReply("filter", unix.NLM_F_DUMP_INTR)}, maxTries)
	if _, err := tables(answering(t, changing...)); err != errChanging {
		t.Errorf("a dump that always changes: %v", err)
	}
}

func TestExchangeRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		reply func(message) []byte
		want  error
	}{
		"no reply": {func(message) []byte { return nil }, unix.ETIMEDOUT},
		"another number": {func(m message) []byte {
			return tableReply("filter", 0)(message{Header: syscall.NlMsghdr{Seq: m.Header.Seq + 1}})
		}, errStray},
		"cut short": {func(m message) []byte { return tableReply("filter", 0)(m)[:30] }, errTruncated},
		"an error": {func(m message) []byte {
			b := reply(unix.NLMSG_ERROR, 0, m.Header.Seq, 0, "")
			binary.NativeEndian.PutUint32(b[unix.NLMSG_HDRLEN:], uint32(0xffffffff)) // -EPERM
			return b
		}, unix.EPERM},
	} {
		start := time.Now()
		nft := answering(t, tt.reply)
		if tt.want == unix.ETIMEDOUT {
			setTimeout(t, nft.fd, unix.Timeval{Usec: 50_000})
		}
		if _, err := tables(nft); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if time.Since(start) > time.Minute {
			t.Errorf("%s: the read is not bounded in time", name)
		}
	}
}

// The socket to the kernel has a timeout.
func TestReceiveTimeout(t *testing.T) {
	s := nft{Backend: new(mode.Backend), fd: -1}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	got, err := unix.GetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO)
	if err != nil || got.Sec != receiveTimeout {
		t.Errorf("SO_RCVTIMEO is %+v, %v", got, err)
	}
}

func TestRetry(t *testing.T) {
	errs := []error{unix.EINTR, unix.EINTR, unix.EAGAIN}
	err := retry(func() error {
		first := errs[0]
		errs = errs[1:]
		return first
	})
	if err != unix.EAGAIN || len(errs) != 0 {
		t.Errorf("%v, %d left", err, len(errs))
	}
}

// nf_tables may be loaded only if legacy seems empty.
func TestMayLoad(t *testing.T) {
	empty, unknown, rules := mode.Empty(mode.Present), mode.Backend{}, mode.Empty(mode.Present)
	rules.Rules = mode.RuleCount{Least: 1}
	kubelet, proxy := empty, unknown
	kubelet.Hints[mode.IPv6][mode.KubeIPTablesHint] = mode.Present
	proxy.Hints[mode.IPv4][mode.KubeProxyCanary] = mode.Present
	for name, tt := range map[string]struct {
		legacy mode.Backend
		want   bool
	}{
		"empty": {empty, true}, "unknown": {unknown, true}, "rules": {rules, false}, "kubelet": {kubelet, false}, "kube-proxy": {proxy, false},
	} {
		if got := (&mode.Evidence{Legacy: tt.legacy}).Decide().Reason == mode.ReasonDefault; got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
