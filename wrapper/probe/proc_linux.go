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

var errTooLong = errors.New("longer than expected")

// readFile reads a whole file into buf and returns the part filled. A file that does not fit is an error, with as much
// of it as does.
func readFile(path string, buf []byte) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &probeError{path, err}
	}
	defer unix.Close(fd)
	n := 0
	for n < len(buf) {
		m, err := unix.Read(fd, buf[n:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return buf[:n], &probeError{path, err}
		case m == 0:
			return buf[:n], nil
		default:
			n += m
		}
	}
	return buf[:n], &probeError{path, errTooLong}
}

// cutLine takes the first line off b, without its newline.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// cutField takes the first field, of those separated by spaces, off b.
func cutField(b []byte) (field, rest []byte) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// loaded says whether nf_tables can be asked without the kernel loading a module for it: Absent if it would have to,
// or if there is none, so that nf_tables certainly holds nothing. Anything else: ask.
//
// Opening a NETLINK_NETFILTER socket loads nfnetlink (MODULE_ALIAS_NET_PF_PROTO in net/netfilter/nfnetlink.c), a first
// message to nf_tables loads that (request_module in nfnetlink_rcv_msg). Both succeed from within a container. A kernel
// with nf_tables built in has nfnetlink built in, and neither is listed in /proc/modules.
func loaded(buf []byte) mode.Outcome {
	modules, err := readFile("/proc/modules", buf) // missing in a kernel without modules, and without /proc
	nfTables, nfnetlink := parseModules(modules)
	switch {
	case nfTables:
		return mode.Present
	case nfnetlink && err == nil:
		return mode.Absent
	case nfnetlink:
		return mode.Unknown
	}
	sockets, err := readFile(procNet+"netlink", buf)
	switch {
	case parseNetlink(sockets): // and not as a module
		return mode.Present
	case err == nil:
		return mode.Absent
	}
	return mode.Unknown
}

// parseModules looks for two modules in the text of /proc/modules, one a line, the name first.
func parseModules(text []byte) (nfTables, nfnetlink bool) {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		switch name, _ := cutField(line); string(name) {
		case "nf_tables":
			nfTables = true
		case "nfnetlink":
			nfnetlink = true
		}
	}
	return nfTables, nfnetlink
}

// parseNetlink looks for the kernel's own NETLINK_NETFILTER socket in the text of /proc/net/netlink: protocol 12 in the
// second column and port 0 in the third (netlink_native_seq_show in net/netlink/af_netlink.c).
func parseNetlink(text []byte) bool {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		_, rest := cutField(line)
		protocol, rest := cutField(rest)
		port, _ := cutField(rest)
		if string(protocol) == "12" && string(port) == "0" {
			return true
		}
	}
	return false
}

// parseNames reads the text of an ip_tables_names file, one table a line, and returns which of the managed ones are
// there.
func parseNames(text []byte) (listed [numManaged]bool) {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		for i, table := range managed() {
			if string(line) == table {
				listed[i] = true
			}
		}
	}
	return listed
}
