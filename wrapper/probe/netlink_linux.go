package probe

import "golang.org/x/sys/unix"

const receiveTimeout = 1 // seconds a reply is waited for; the kernel replies before send(2) returns

// netlink is a socket to the kernel's netfilter, or none.
type netlink struct {
	fd  int // -1 if closed
	seq uint32
	buf []byte
}

func (s *netlink) open() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return &probeError{"netlink socket", err}
	}
	timeout := unix.Timeval{Sec: receiveTimeout}
	if err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err == nil {
		// Connected to the kernel, port 0, the socket takes messages from nobody else.
		err = unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}
	if err != nil {
		unix.Close(fd)
		return &probeError{"netlink connect", err}
	}
	s.fd = fd
	return nil
}

func (s *netlink) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// exchange sends a request and calls each with every message that comes in reply, until it wants no more. A message is valid
// until the next call.
func (s *netlink) exchange(request []byte, maxReads int, each func(message) (more bool, err error)) error {
	if _, err := retry(func() (int, error) { return unix.Write(s.fd, request) }); err != nil {
		return &probeError{"netlink send", err}
	}
	for range maxReads {
		n, err := retry(func() (int, error) { return unix.Read(s.fd, s.buf) })
		switch {
		case err == unix.EAGAIN: // SO_RCVTIMEO
			return &probeError{"netlink receive", unix.ETIMEDOUT}
		case err != nil:
			return &probeError{"netlink receive", err}
		case n == 0:
			return errTruncated
		}
		for reply := s.buf[:n]; len(reply) > 0; {
			m, rest, ok := cutMessage(reply)
			if !ok {
				return errTruncated
			}
			reply = rest
			if more, err := each(m); err != nil || !more {
				return err
			}
		}
	}
	return errTooLarge
}

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}
