package rpm

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/sassoftware/go-rpmutils"
)

// vfs_cap_data of linux/capability.h, revision 2.
const (
	capRevision2     = 0x02000000
	capFlagEffective = 0x000001
)

// fileCapabilities returns the security.capability attribute of every file that has one. The header contains it as text
// in the syntax of cap_to_text(3).
func fileCapabilities(header *rpmutils.RpmHeader, files []rpmutils.FileInfo) (map[string]string, error) {
	if !header.HasTag(tagCaps) {
		return nil, nil
	}
	texts, err := header.GetStrings(tagCaps)
	if err != nil {
		return nil, fmt.Errorf("header: file capabilities: %w", err)
	}
	if len(texts) != len(files) {
		return nil, fmt.Errorf("header: capabilities of %d files, but %d files", len(texts), len(files))
	}
	values := map[string]string{}
	for i, text := range texts {
		if text == "" {
			continue
		}
		value, err := encodeCapabilities(text)
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", files[i].Name(), err)
		}
		values[files[i].Name()] = value
	}
	return values, nil
}

// encodeCapabilities converts text such as "cap_net_admin,cap_net_raw=ep" into the attribute's bytes. It supports the
// part of the syntax that packages use: clauses of names, an operator = or +, and the flags e, i and p.
func encodeCapabilities(text string) (string, error) {
	var permitted, inheritable uint64
	effective := false
	for _, clause := range strings.Fields(text) {
		at := strings.IndexAny(clause, "=+")
		if at < 0 || strings.ContainsAny(clause[at+1:], "=+-") {
			return "", fmt.Errorf("capabilities %q: clause %q is not names, = or +, and flags", text, clause)
		}
		names, flags := clause[:at], clause[at+1:]
		var bits uint64
		for _, name := range strings.Split(names, ",") {
			if name == "" && clause[at] == '=' {
				continue
			}
			number, known := capabilityNumber(name)
			if !known {
				return "", fmt.Errorf("capabilities %q: %q is not known", text, name)
			}
			bits |= 1 << number
		}
		for _, flag := range flags {
			switch flag {
			case 'p':
				permitted |= bits
			case 'i':
				inheritable |= bits
			case 'e':
				effective = true
			default:
				return "", fmt.Errorf("capabilities %q: flag %q", text, flag)
			}
		}
	}
	magic := uint32(capRevision2)
	if effective {
		magic |= capFlagEffective
	}
	var data []byte
	for _, word := range []uint32{
		magic, uint32(permitted), uint32(inheritable), uint32(permitted >> 32), uint32(inheritable >> 32),
	} {
		data = binary.LittleEndian.AppendUint32(data, word)
	}
	return string(data), nil
}

// capabilityNumber returns the number of a capability in linux/capability.h.
func capabilityNumber(name string) (int, bool) {
	names := []string{
		"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
		"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
		"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
		"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
		"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
		"checkpoint_restore",
	}
	for number, known := range names {
		if name == "cap_"+known {
			return number, true
		}
	}
	return 0, false
}
