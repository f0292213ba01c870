package probe

import (
	"encoding/binary"
	"errors"
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
	nameLen       = 32 // XT_TABLE_MAXNAMELEN: of a table's name, ended by NUL
)

// getinfo is struct ipt_getinfo of the same headers, and ip6t_getinfo, which is the same.
type getinfo struct {
	name       [nameLen]byte
	validHooks uint32
	hookEntry  [5]uint32 // NF_INET_NUMHOOKS
	underflow  [5]uint32
	numEntries uint32
	size       uint32 // of the entries, in bytes
}

// entriesOffset returns where the entries begin in struct ipt_get_entries, and in ip6t_get_entries: after the name and the
// size. An entry contains 64-bit counters, which C aligns to 8 bytes, except on i386.
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

// others is how many entries are neither policies nor the table's last entry: a rule is one, a user-defined chain two, its
// head and its end.
func (i *getinfo) others() uint64 { return uint64(max(int64(i.numEntries)-int64(i.policies())-1, 0)) }

// policies is how many policies there are: one for each built-in chain.
func (i *getinfo) policies() int { return bits.OnesCount32(i.validHooks) }

// entries asks for the entries of a table, which must be of exactly the given size or the error is EAGAIN.
func (l *legacy) entries(t *legacyTable, size uint32) ([]byte, error) {
	offset := entriesOffset()
	b := make([]byte, offset+int(size))
	binary.NativeEndian.PutUint32(b[nameLen:], size)
	err := l.getsockopt(t, optGetEntries, b)
	return b[offset:], err
}

// getsockopt is getsockopt(2), which package unix lacks for such values. Each begins with the table's name: it is filled in.
func (l *legacy) getsockopt(t *legacyTable, opt int, value []byte) error {
	if l.fds[t.family] < 0 {
		fd, err := unix.Socket([...]int{unix.AF_INET, unix.AF_INET6}[t.family], unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return &probeError{"socket", err}
		}
		l.fds[t.family] = fd
	}
	copy(value[:nameLen-1], t.name)
	level := [...]int{unix.SOL_IP, unix.SOL_IPV6}[t.family]
	length := uint32(len(value)) // socklen_t
	_, err := retry(func() (int, error) {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(l.fds[t.family]), uintptr(level), uintptr(opt),
			uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&length)), 0)
		if errno != 0 {
			return 0, errno
		}
		return 0, nil
	})
	return err
}

// targetOffsets are where an entry of a legacy table has its field target_offset, in bytes; next_offset follows it.
//
//	struct ipt_entry {                                  struct ip6t_entry {
//		struct ipt_ip ip;           // 84 bytes             struct ip6t_ip6 ipv6;       // 136 bytes
//		unsigned int nfcache;                               unsigned int nfcache;
//		__u16 target_offset;                                __u16 target_offset;
//		__u16 next_offset;                                  __u16 next_offset;
//		unsigned int comefrom;                              unsigned int comefrom;
//		struct xt_counters counters;  // 16 bytes           struct xt_counters counters;
//		unsigned char elems[];                              unsigned char elems[];
//	};                                                  };
var targetOffsets = [mode.NumFamilies]int{88, 140}

// The targets that matter: that of the entry that begins a user-defined chain and, with the chain name ERROR, of a table's
// last entry; and that of a built-in chain's policy.
//
//	struct xt_error_target {                        struct xt_standard_target {
//		struct xt_entry_target target;                  struct xt_entry_target target;
//		char errorname[XT_FUNCTION_MAXNAMELEN]; // 30   int verdict;
//	};                                              };
//
//	struct xt_entry_target { __u16 target_size; char name[29]; __u8 revision; };
const (
	targetName    = 2
	targetNameLen = 29
	targetData    = 32 // errorname or verdict
	errorNameLen  = 30
	errorTarget   = "ERROR" // XT_ERROR_TARGET
)

// walk reads the entries of a table, calls chain with the name of each user-defined chain, and counts them and the policies
// other than ACCEPT. A name is a part of entries.
func walk(entries []byte, family mode.Family, info *getinfo, chain func(name []byte)) (chains, policies uint64, err error) {
	offsets := targetOffsets[family]
	minimum := offsets + 24 // where C aligns the counters to 8 bytes, those of ip6t_entry begin 4 later
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
			if int32(binary.NativeEndian.Uint32(t[targetData:])) != -accept-1 { // as a standard target has it
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
