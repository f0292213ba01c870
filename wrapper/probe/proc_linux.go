package probe

import (
	"bytes"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// The thread's own view of /proc/net, not /proc/self/net, which is the main thread's: a caller may have moved only this
// thread to another network namespace.
const procNet = "/proc/thread-self/net/"

var errTooLong = errors.New("line longer than expected")

// eachLine calls f with each line of a file, without its newline, until f returns false. buf has room for the longest.
func eachLine(path string, buf []byte, f func(line []byte) (more bool)) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &probeError{path, err}
	}
	defer unix.Close(fd)
	kept := 0 // of a line that has not ended yet
	for {
		n, err := retry(func() (int, error) { return unix.Read(fd, buf[kept:]) })
		switch {
		case err != nil:
			return &probeError{path, err}
		case n == 0:
			return nil
		}
		rest := buf[:kept+n]
		for end := bytes.IndexByte(rest, '\n'); end >= 0; end = bytes.IndexByte(rest, '\n') {
			if !f(rest[:end]) {
				return nil
			}
			rest = rest[end+1:]
		}
		if kept = copy(buf, rest); kept == len(buf) {
			return &probeError{path, errTooLong}
		}
	}
}

// procMounted reports whether the thread's part of /proc is there, so that a file that is missing in it means something.
func procMounted() bool { return unix.Access(procNet, unix.F_OK) == nil }

// loaded says whether nf_tables can be asked without the kernel loading a module for it: Absent if it certainly would have
// to, so that nf_tables contains nothing.
//
// Opening a NETLINK_NETFILTER socket loads nfnetlink (MODULE_ALIAS_NET_PF_PROTO in net/netfilter/nfnetlink.c), a first
// message to nf_tables loads that (request_module in nfnetlink_rcv_msg). Both succeed from within a container, whose
// /lib/modules does not matter. A kernel can have nfnetlink built in and nf_tables as a module (Debian's 7.2), or nf_tables
// built in and ip_tables as a module. /proc/modules may be masked: what it lacks proves nothing.
func loaded(buf []byte) (mode.Outcome, modules) {
	var m modules
	err := eachLine("/proc/modules", buf, m.note)
	// /proc with the option subset=pid has no /proc/version either.
	m.none = errors.Is(err, unix.ENOENT) && procMounted() && unix.Access("/proc/version", unix.F_OK) == nil
	switch {
	case m.nfTables:
		return mode.Present, m
	case m.none:
		return mode.Present, m // a kernel that cannot load modules: asking is safe, and tells whether it has nf_tables
	case m.nfnetlink: // NF_TABLES selects NETFILTER_NETLINK: it cannot be built in if that is a module
		return mode.Absent, m
	}
	var sockets kernelSockets
	if err := eachLine(procNet+"netlink", buf, sockets.note); err == nil && sockets.route && !sockets.netfilter {
		return mode.Absent, m
	}
	return mode.Unknown, m
}

// modules are those that say something about nf_tables.
type modules struct {
	nfTables, nfnetlink, nftCompat bool // is loaded
	none                           bool // the kernel has no modules
}

// note reads a line of /proc/modules, which begins with the module's name. nft_compat is listed before nf_tables, which it
// needs.
func (m *modules) note(line []byte) (more bool) {
	switch name, _, _ := bytes.Cut(line, []byte(" ")); string(name) {
	case "nf_tables":
		m.nfTables = true
	case "nfnetlink":
		m.nfnetlink = true
	case "nft_compat":
		m.nftCompat = true
	}
	return !m.nfTables
}

// kernelSockets are the kernel's own netlink sockets in a network namespace. Each one has that of NETLINK_ROUTE, so a
// /proc/net/netlink that lists none is not the kernel's.
type kernelSockets struct{ route, netfilter bool }

// note reads a line of /proc/net/netlink: a socket's protocol is in the second column, and its port in the third, 0 for the
// kernel's (netlink_native_seq_show in net/netlink/af_netlink.c).
func (k *kernelSockets) note(line []byte) (more bool) {
	fields := bytes.Fields(line)
	if len(fields) > 2 && string(fields[2]) == "0" {
		k.route = k.route || string(fields[1]) == "0"
		k.netfilter = k.netfilter || string(fields[1]) == "12"
	}
	return !k.netfilter
}
