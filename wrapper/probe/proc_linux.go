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

// loaded says whether nf_tables can be asked without the kernel loading a module for it: Absent if it certainly would have
// to, so that nf_tables holds nothing.
//
// Opening a NETLINK_NETFILTER socket loads nfnetlink (MODULE_ALIAS_NET_PF_PROTO in net/netfilter/nfnetlink.c), a first
// message to nf_tables loads that (request_module in nfnetlink_rcv_msg). Both succeed from within a container, whose
// /lib/modules is not what counts. A kernel can have nfnetlink built in and nf_tables as a module (Debian's 7.2).
func loaded(buf []byte) mode.Outcome {
	text, err := readFile("/proc/modules", buf)
	if errors.Is(err, unix.ENOENT) && unix.Access(procNet, unix.F_OK) == nil {
		return mode.Present // a kernel that cannot load modules: asking is safe, and answers it
	}
	listed := parseModules(text)
	switch {
	case listed.nfTables:
		return mode.Present
	case err != nil:
		return mode.Unknown
	case listed.nfnetlink || listed.ipTables:
		return mode.Absent // where these are modules, nf_tables is one
	}
	sockets, err := readFile(procNet+"netlink", buf)
	if err == nil && !parseNetlink(sockets) {
		return mode.Absent // not even nfnetlink is there
	}
	return mode.Unknown
}

// modules are those that loaded looks for.
type modules struct{ nfTables, nfnetlink, ipTables bool }

// parseModules reads the text of /proc/modules, one module a line, the name first.
func parseModules(text []byte) (m modules) {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		switch name, _ := cutField(line); string(name) {
		case "nf_tables":
			m.nfTables = true
		case "nfnetlink":
			m.nfnetlink = true
		case "ip_tables", "ip6_tables":
			m.ipTables = true
		}
	}
	return m
}

// symbol is how /proc/kallsyms ends the line of a function that nf_tables exports on every kernel, if it is built in; the
// line of a module's has the module's name behind it.
const symbol = " nft_do_chain\n"

// builtIn says whether nf_tables is in the kernel itself, where loaded could not tell. It takes tens of milliseconds.
func builtIn(buf []byte) mode.Outcome {
	fd, err := unix.Open("/proc/kallsyms", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return mode.Unknown
	}
	defer unix.Close(fd)
	answer, kept := mode.Unknown, 0
	for {
		n, err := unix.Read(fd, buf[kept:])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return mode.Unknown
		case n == 0:
			return answer
		case bytes.Contains(buf[:kept+n], []byte(symbol)):
			return mode.Present
		}
		answer = mode.Absent
		kept = copy(buf, buf[max(kept+n-len(symbol), 0):kept+n]) // it may be cut in two
	}
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
