package probe

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math/bits"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Socket options of ip_tables, the same numbers for ip6_tables; include/uapi/linux/netfilter_ipv{4/ip,6/ip6}_tables.h.
const (
	optGetInfo    = 64 // IPT_SO_GET_INFO, IP6T_SO_GET_INFO
	optGetEntries = 65 // IPT_SO_GET_ENTRIES, IP6T_SO_GET_ENTRIES
	nameLen       = 32 // XT_TABLE_MAXNAMELEN: length of a table's name, with its final NUL
)

// getinfo is struct ipt_getinfo of the same headers. ip6t_getinfo has the same fields.
type getinfo struct {
	name       [nameLen]byte
	validHooks uint32
	hookEntry  [5]uint32 // NF_INET_NUMHOOKS
	underflow  [5]uint32
	numEntries uint32
	size       uint32 // of the entries, in bytes
}

// entriesOffset returns the offset of the entries in struct ipt_get_entries and ip6t_get_entries, after the name and the size. An
// entry contains 64-bit counters, which C aligns to 8 bytes, except on i386.
func entriesOffset() int {
	if runtime.GOARCH == "386" {
		return 36
	}
	return 40
}

// policyAt reports whether the entry at this offset is a built-in chain's policy.
func (i *getinfo) policyAt(offset int) bool {
	for hook, at := range i.underflow {
		if i.validHooks&(1<<hook) != 0 && int(at) == offset {
			return true
		}
	}
	return false
}

// others returns the number of entries that are neither policies nor the table's last entry. A rule is one entry. A user-defined
// chain is two entries, its head and its end.
func (i *getinfo) others() uint64 { return uint64(max(int64(i.numEntries)-int64(i.policies())-1, 0)) }

// policies returns the number of policies, one for each built-in chain.
func (i *getinfo) policies() int { return bits.OnesCount32(i.validHooks) }

// entries reads the entries of a table. If they do not have exactly this size, the error is EAGAIN.
func (l *legacy) entries(t *legacyTable, size uint32) ([]byte, error) {
	offset := entriesOffset()
	b := make([]byte, offset+int(size))
	binary.NativeEndian.PutUint32(b[nameLen:], size)
	err := l.getsockopt(t, optGetEntries, b)
	return b[offset:], err
}

// getsockopt calls getsockopt(2), which package unix lacks for such values. Each value begins with the table's name, which
// getsockopt fills in.
func (l *legacy) getsockopt(t *legacyTable, opt int, value []byte) error {
	if l.fds[t.family] < 0 {
		fd, err := unix.Socket([...]int{unix.AF_INET, unix.AF_INET6}[t.family], unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return &fs.PathError{Op: "open", Path: "socket", Err: err}
		}
		l.fds[t.family] = fd
	}
	copy(value[:nameLen-1], t.name)
	level := [...]int{unix.SOL_IP, unix.SOL_IPV6}[t.family]
	length := uint32(len(value)) // socklen_t
	return retry(func() error {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(l.fds[t.family]), uintptr(level), uintptr(opt),
			uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&length)), 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}

// targetOffsets are the offsets of the field target_offset in struct ipt_entry and struct ip6t_entry, in bytes: it follows the
// addresses (84 or 136 bytes) and nfcache. next_offset, comefrom, two 64-bit counters and the matches come next, the target last.
var targetOffsets = [mode.NumFamilies]int{88, 140}

// A target begins with struct xt_entry_target: its size, its name and a revision. Two targets matter. The error target is in the
// entry that begins a user-defined chain and, with the chain name ERROR, in a table's last entry: it continues with the chain's
// name. The standard target is in the entry of a built-in chain's policy: it continues with the verdict.
const (
	targetName    = 2
	targetNameLen = 29
	targetData    = 32 // errorname or verdict
	errorNameLen  = 30
	errorTarget   = "ERROR" // XT_ERROR_TARGET
)

// walk reads the entries of a table and calls chain with the name of each user-defined chain. It returns the number of these
// chains and of policies other than ACCEPT. A name is a slice of entries.
func walk(entries []byte, family mode.Family, info *getinfo, chain func(name []byte)) (chains, policies uint64, err error) {
	offsets := targetOffsets[family]
	minimum := offsets + 24 // if C aligns the counters to 8 bytes, those of ip6t_entry begin 4 bytes later
	for at := 0; at < len(entries); {
		rest, target, next := entries[at:], 0, 0
		if len(rest) >= minimum {
			target = int(binary.NativeEndian.Uint16(rest[offsets:]))
			next = int(binary.NativeEndian.Uint16(rest[offsets+2:]))
		}
		if next > len(rest) || target < minimum || target+targetData > next {
			return chains, policies, errors.New("malformed entries")
		}
		t := rest[target:next]
		switch {
		case len(t) >= targetData+4 && info.policyAt(at):
			if int32(binary.NativeEndian.Uint32(t[targetData:])) != -accept-1 { // the encoding of a standard target
				policies++
			}
		case len(t) >= targetData+errorNameLen && string(cstring(t[targetName:targetName+targetNameLen])) == errorTarget:
			if name := cstring(t[targetData : targetData+errorNameLen]); string(name) != errorTarget {
				chains++
				chain(name)
			}
		}
		at += next
	}
	return chains, policies, nil
}
