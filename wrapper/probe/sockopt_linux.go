package probe

import (
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
)

// tableName is XT_TABLE_MAXNAMELEN bytes, ended by NUL.
type tableName [32]byte

// getinfo is struct ipt_getinfo of the same headers, and ip6t_getinfo, which is the same.
type getinfo struct {
	name       tableName
	validHooks uint32
	hookEntry  [5]uint32 // NF_INET_NUMHOOKS
	underflow  [5]uint32
	numEntries uint32
	size       uint32 // of the entries, in bytes
}

// getentries is the fixed part of struct ipt_get_entries, and of ip6t_get_entries; the entries follow it.
type getentries struct {
	name tableName
	size uint32
}

// entriesOffset returns where the entries begin. An entry holds 64-bit counters, which C aligns to 8 bytes, except on
// i386, and Go does not on 32-bit architectures.
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

// getInfo asks for the size of a table. It creates the table if it does not exist, so ask for none that is not listed.
func getInfo(fd int, f mode.Family, table string, v *getinfo) error {
	*v = getinfo{}
	copy(v.name[:len(v.name)-1], table)
	return getsockopt(fd, f, optGetInfo, unsafe.Pointer(v), unsafe.Sizeof(*v))
}

// getEntries asks for the entries of a table, which must be of exactly the given size or the error is EAGAIN.
func getEntries(fd int, f mode.Family, table string, size uint32) ([]byte, error) {
	offset := entriesOffset()
	buf := make([]byte, offset+int(size))
	// Go aligns an allocation of this size to 8 bytes or more.
	v := (*getentries)(unsafe.Pointer(&buf[0]))
	copy(v.name[:len(v.name)-1], table)
	v.size = size
	if err := getsockopt(fd, f, optGetEntries, unsafe.Pointer(&buf[0]), uintptr(len(buf))); err != nil {
		return nil, err
	}
	return buf[offset:], nil
}

// getsockopt is getsockopt(2), which package unix does not have for values of one's own layout.
func getsockopt(fd int, f mode.Family, opt int, value unsafe.Pointer, size uintptr) error {
	levels := [...]int{unix.SOL_IP, unix.SOL_IPV6}
	length := uint32(size) // socklen_t
	_, err := retry(func() (int, error) {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(levels[f]), uintptr(opt),
			uintptr(value), uintptr(unsafe.Pointer(&length)), 0)
		if errno != 0 {
			return 0, errno
		}
		return 0, nil
	})
	return err
}
