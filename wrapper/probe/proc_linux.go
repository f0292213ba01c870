package probe

import (
	"bytes"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// procNet is the thread's own view of /proc/net. /proc/self/net is that of the main thread, but a caller may have moved only this
// thread to another network namespace.
const procNet = "/proc/thread-self/net/"

// procMounted reports whether the thread's part of /proc exists. Only then a missing file in it is an answer.
func procMounted() bool { return unix.Access(procNet, unix.F_OK) == nil }

const maxWanted = 32 // maximum length of a string that contains searches

// contains reports which of the strings a file contains. It reads the file as if a newline preceded the first line, so that "\nx"
// is an x at the beginning of any line. With an error, found contains what was found before it.
func contains(path string, buf []byte, wanted ...string) (found []bool, err error) {
	found = make([]bool, len(wanted))
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return found, err
	}
	defer unix.Close(fd)
	kept := copy(buf, "\n") // the end of the previous text, in which a string may have begun
	for range maxReads {
		n := 0
		err := retry(func() (err error) { n, err = unix.Read(fd, buf[kept:]); return err })
		if err != nil || n == 0 {
			return found, err
		}
		text := buf[:kept+n]
		for i, s := range wanted {
			found[i] = found[i] || bytes.Contains(text, []byte(s))
		}
		if !slices.Contains(found, false) {
			return found, nil
		}
		kept = copy(buf, text[max(len(text)-maxWanted, 0):])
	}
	return found, unix.EFBIG
}

var (
	// moduleLines are the beginnings of the lines of /proc/modules for nf_tables.
	moduleLines = [...]string{"\nnf_tables ", "\nnfnetlink ", "\nnft_compat "}
	// kernelSockets are in the lines of /proc/net/netlink for the kernel's own sockets of NETLINK_ROUTE and NETLINK_NETFILTER: the
	// protocol, and port 0 (netlink_native_seq_show in net/netlink/af_netlink.c).
	kernelSockets = [...]string{" 0   0 ", " 12  0 "}
	// symbols are names in the lines of /proc/kallsyms, followed by the end of the line or the module. Every kernel with
	// networking has netlink_unicast. nf_tables exports nft_do_chain on every kernel.
	symbols = [...]string{" netlink_unicast\n", " nft_do_chain\n", " nft_do_chain\t"}
)

// look detects whether nf_tables is present without loading it, so that it can be asked. Absent means that a question would
// certainly load a module, so nf_tables contains nothing.
//
// Opening a NETLINK_NETFILTER socket loads nfnetlink (MODULE_ALIAS_NET_PF_PROTO in net/netfilter/nfnetlink.c). The first message
// to nf_tables loads nf_tables (request_module in nfnetlink_rcv_msg), even from a container. A kernel can have nfnetlink built in
// and nf_tables as a module (Debian's 7.2), or nf_tables built in and ip_tables as a module. /proc/modules may be masked: a module
// that is missing in it may be loaded.
func (s *nft) look() mode.Outcome {
	modules, err := contains("/proc/modules", s.buf, moduleLines[:]...)
	if modules[2] {
		s.Compat = mode.Present
	}
	// With the option subset=pid, /proc does not contain /proc/version either.
	s.noModules = err == unix.ENOENT && procMounted() && unix.Access("/proc/version", unix.F_OK) == nil
	switch {
	case modules[0], s.noModules: // without modules, a question loads nothing and shows whether the kernel has nf_tables
		return mode.Present
	case modules[1]: // NF_TABLES selects NETFILTER_NETLINK: nf_tables cannot be built in if nfnetlink is a module
		return mode.Absent
	}
	// Each network namespace has the socket for NETLINK_ROUTE: a file without it was not written by the kernel.
	sockets, err := contains(procNet+"netlink", s.buf, kernelSockets[:]...)
	if err == nil && sockets[0] && !sockets[1] {
		return mode.Absent
	}
	return mode.Unknown
}

// inSysfs reports whether /sys shows that nf_tables is present, if look returned Unknown. It takes two milliseconds. False means
// unknown: /sys may be missing, and not every kernel has the type information (BTF) of its functions.
func inSysfs(buf []byte) bool {
	if unix.Access("/sys/module/nf_tables", unix.F_OK) == nil { // loaded as a module
		return true
	}
	found, _ := contains("/sys/kernel/btf/vmlinux", buf, "\x00nft_do_chain\x00")
	return found[0]
}

// inKallsyms returns whether nf_tables is in the kernel, built in or as a module. It takes tens of milliseconds.
func inKallsyms(buf []byte) mode.Outcome {
	found, err := contains("/proc/kallsyms", buf, symbols[:]...)
	switch {
	case found[1] || found[2]:
		return mode.Present
	case err == nil && found[0]:
		return mode.Absent
	}
	return mode.Unknown // unreadable, or masked
}
