package probe

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	receiveTimeout = 1    // seconds a reply is waited for; the kernel replies before send(2) returns
	maxReads       = 8192 // of a dump or a file, of at most 16 KiB each: some 300,000 rules
)

var (
	errTruncated = errors.New("nf_tables: reply cut short")
	errStray     = errors.New("nf_tables: reply to something else")
)

// open opens the socket to the kernel's netfilter.
func (s *nft) open() {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err == unix.EPROTONOSUPPORT { // netlink_create: the kernel has no nfnetlink
		*s.Backend = mode.Empty(mode.Absent)
	}
	if err != nil {
		s.Err = &probeError{"netlink socket", err}
		return
	}
	timeout := unix.Timeval{Sec: receiveTimeout}
	if err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err == nil {
		// Connected to the kernel, port 0, the socket takes messages from nobody else.
		err = unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}
	if err != nil {
		unix.Close(fd)
		s.Err = &probeError{"netlink connect", err}
		return
	}
	s.fd, s.Err = fd, nil
}

func (s *nft) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// exchange sends all requests at once, and calls each with every message that comes in reply and the index of its request,
// until it wants no more. A message is valid until the next call.
func (s *nft) exchange(requests []request, each func(i int, m message) (more bool, err error)) error {
	first, b := s.seq, make([]byte, 0, 512)
	for _, r := range requests {
		b = r.append(b, s.seq)
		s.seq++
	}
	if _, err := retry(func() (int, error) { return unix.Write(s.fd, b) }); err != nil {
		return &probeError{"netlink send", err}
	}
	for range maxReads {
		n, err := retry(func() (int, error) { return unix.Read(s.fd, s.buf) })
		if err == unix.EAGAIN { // SO_RCVTIMEO
			err = unix.ETIMEDOUT
		}
		if err != nil {
			return &probeError{"netlink receive", err}
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

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}
