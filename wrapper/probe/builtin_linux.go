package probe

import (
	"bytes"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// symbol is a function that nf_tables exports on every kernel, and witness one that every kernel with a network has.
const (
	symbol  = "nft_do_chain"
	witness = "netlink_unicast"
)

// inSysfs reports whether /sys shows that nf_tables is present, where loaded could not tell. It takes two milliseconds. False
// proves nothing: /sys may be missing, and not every kernel has the type information (BTF) of its functions.
func inSysfs(buf []byte) bool {
	if unix.Access("/sys/module/nf_tables", unix.F_OK) == nil { // loaded as a module
		return true
	}
	fd, err := unix.Open("/sys/kernel/btf/vmlinux", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	kept := 0 // the end of what was read before
	for range maxDumpReads {
		n, err := retry(func() (int, error) { return unix.Read(fd, buf[kept:]) })
		if err != nil || n == 0 {
			return false
		}
		text := buf[:kept+n]
		if bytes.Contains(text, []byte("\x00"+symbol+"\x00")) {
			return true
		}
		kept = copy(buf, text[max(len(text)-len(symbol)-1, 0):])
	}
	return false
}

// inKallsyms says whether nf_tables is in the kernel, built in or as a module. It takes tens of milliseconds.
func inKallsyms(buf []byte) mode.Outcome {
	var s symbols
	err := eachLine("/proc/kallsyms", buf, s.note)
	switch {
	case s.found:
		return mode.Present
	case err == nil && s.witnessed:
		return mode.Absent
	}
	return mode.Unknown // unreadable, or masked
}

// symbols are those that say something about nf_tables.
type symbols struct{ found, witnessed bool }

// note reads a line of /proc/kallsyms: address, type, name and, in brackets after a tab, the name of a module.
func (s *symbols) note(line []byte) (more bool) {
	name, _, _ := bytes.Cut(line, []byte("\t"))
	s.found = bytes.HasSuffix(name, []byte(" "+symbol))
	s.witnessed = s.witnessed || bytes.HasSuffix(name, []byte(" "+witness))
	return !s.found
}
