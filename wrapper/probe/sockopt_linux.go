package probe

import (
	"encoding/binary"
	"math/bits"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
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
func (i *getinfo) others() uint64 {
	return uint64(max(int64(i.numEntries)-int64(i.policies())-1, 0))
}

// policies is how many policies there are: one for each built-in chain.
func (i *getinfo) policies() int { return bits.OnesCount32(i.validHooks) }

// info asks for the size of a table. It creates the table if it does not exist, so ask for none that is not listed. The size
// is zero if the table was removed since then.
func (l *legacy) info(t *legacyTable) (*getinfo, error) {
	v := new(getinfo)
	err := l.getsockopt(t, optGetInfo, unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)))
	if err == unix.ENOENT {
		err = nil
	}
	return v, err
}

// entries asks for the entries of a table, which must be of exactly the given size or the error is EAGAIN.
func (l *legacy) entries(t *legacyTable, size uint32) ([]byte, error) {
	offset := entriesOffset()
	b := make([]byte, offset+int(size))
	binary.NativeEndian.PutUint32(b[nameLen:], size)
	err := l.getsockopt(t, optGetEntries, b)
	return b[offset:], err
}

// getsockopt is getsockopt(2), which package unix does not have for values of one's own layout. The value begins with the
// table's name, which getsockopt fills in.
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
