package probe

import (
	"encoding/binary"
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

var errMalformed = errors.New("legacy table: malformed entries")

// entryLayout is where the fields of an entry of a legacy table are, in bytes. Both structs end with 64-bit counters.
//
//	struct ipt_entry {                                  struct ip6t_entry {
//		struct ipt_ip ip;           // 84 bytes             struct ip6t_ip6 ipv6;       // 136 bytes
//		unsigned int nfcache;                               unsigned int nfcache;
//		__u16 target_offset;                                __u16 target_offset;
//		__u16 next_offset;                                  __u16 next_offset;
//		unsigned int comefrom;                              unsigned int comefrom;
//		struct xt_counters counters;                        struct xt_counters counters;
//		unsigned char elems[];                              unsigned char elems[];
//	};                                                  };
type entryLayout struct {
	targetOffset, nextOffset, minimum int
}

func layoutOf(f mode.Family) entryLayout {
	if f == mode.IPv6 {
		return entryLayout{targetOffset: 140, nextOffset: 142, minimum: 164} // 168 where C aligns the counters to 8
	}
	return entryLayout{targetOffset: 88, nextOffset: 90, minimum: 112}
}

// The target of the entry that begins a user-defined chain, and, with the chain name ERROR, of a table's last entry:
//
//	struct xt_error_target {
//		struct xt_entry_target target;         // __u16 target_size; char name[29]; __u8 revision;
//		char errorname[XT_FUNCTION_MAXNAMELEN]; // 30
//	};
const (
	targetName    = 2
	targetNameLen = 29
	errorName     = 32
	errorNameLen  = 30
	errorTarget   = "ERROR" // XT_ERROR_TARGET
)

// eachChain calls f with the name of each user-defined chain in the entries of a legacy table, and returns how many
// there are. The name is a part of entries.
func eachChain(entries []byte, family mode.Family, f func(name []byte)) (int, error) {
	l := layoutOf(family)
	chains := 0
	for len(entries) > 0 {
		if len(entries) < l.minimum {
			return chains, errMalformed
		}
		target := int(binary.NativeEndian.Uint16(entries[l.targetOffset:]))
		next := int(binary.NativeEndian.Uint16(entries[l.nextOffset:]))
		if next < l.minimum || next > len(entries) || target < l.minimum || target+errorName > next {
			return chains, errMalformed
		}
		t := entries[target:next]
		entries = entries[next:]
		if string(cstring(t[targetName:targetName+targetNameLen])) != errorTarget || len(t) < errorName+errorNameLen {
			continue
		}
		if name := cstring(t[errorName : errorName+errorNameLen]); string(name) != errorTarget {
			chains++
			f(name)
		}
	}
	return chains, nil
}
