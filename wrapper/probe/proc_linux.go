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

// procMounted tells whether /proc is what it should be, so that a file that is not there means something.
func procMounted() bool { return unix.Access(procNet, unix.F_OK) == nil }

// loaded says whether nf_tables can be asked without the kernel loading a module for it: Absent if it certainly would have
// to, so that nf_tables holds nothing.
//
// Opening a NETLINK_NETFILTER socket loads nfnetlink (MODULE_ALIAS_NET_PF_PROTO in net/netfilter/nfnetlink.c), a first
// message to nf_tables loads that (request_module in nfnetlink_rcv_msg). Both succeed from within a container, whose
// /lib/modules is not what counts. A kernel can have nfnetlink built in and nf_tables as a module (Debian's 7.2).
func loaded(buf []byte) mode.Outcome {
	var m modules
	err := eachLine("/proc/modules", buf, m.note)
	switch {
	case m.nfTables:
		return mode.Present
	case errors.Is(err, unix.ENOENT) && procMounted():
		return mode.Present // a kernel that cannot load modules: asking is safe, and tells whether it has nf_tables
	case err != nil:
		return mode.Unknown
	case m.nfnetlink || m.ipTables:
		return mode.Absent // where these are modules, nf_tables is one
	}
	nfnetlink := false
	err = eachLine(procNet+"netlink", buf, func(line []byte) bool {
		nfnetlink = nfnetlink || isKernelSocket(line)
		return !nfnetlink
	})
	if err == nil && !nfnetlink {
		return mode.Absent
	}
	return mode.Unknown
}

// modules are those that tell something about nf_tables.
type modules struct{ nfTables, nfnetlink, ipTables bool }

// note reads a line of /proc/modules, which begins with the module's name.
func (m *modules) note(line []byte) (more bool) {
	switch name, _, _ := bytes.Cut(line, []byte(" ")); string(name) {
	case "nf_tables":
		m.nfTables = true
	case "nfnetlink":
		m.nfnetlink = true
	case "ip_tables", "ip6_tables":
		m.ipTables = true
	}
	return !m.nfTables
}

// isKernelSocket tells whether a line of /proc/net/netlink is the kernel's own NETLINK_NETFILTER socket: protocol 12 in the
// second column and port 0 in the third (netlink_native_seq_show in net/netlink/af_netlink.c).
func isKernelSocket(line []byte) bool {
	fields := bytes.Fields(line)
	return len(fields) > 2 && string(fields[1]) == "12" && string(fields[2]) == "0"
}

// symbol is how the line of a function that nf_tables exports on every kernel ends in /proc/kallsyms if it is built in; a
// module's has the module's name behind it.
const symbol = " nft_do_chain"

// builtIn says whether nf_tables is in the kernel itself, where loaded could not tell. It takes tens of milliseconds.
func builtIn(buf []byte) mode.Outcome {
	answer := mode.Unknown
	err := eachLine("/proc/kallsyms", buf, func(line []byte) bool {
		answer = mode.Absent
		if bytes.HasSuffix(line, []byte(symbol)) {
			answer = mode.Present
		}
		return answer == mode.Absent
	})
	if err != nil {
		return mode.Unknown
	}
	return answer
}
