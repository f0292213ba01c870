package probe

import (
	"encoding/binary"
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

var errMalformed = errors.New("malformed entries")

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

var entryLayouts = [mode.NumFamilies]entryLayout{
	{targetOffset: 88, nextOffset: 90, minimum: 112},
	{targetOffset: 140, nextOffset: 142, minimum: 164}, // 168 where C aligns the counters to 8
}

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

// read walks the entries of a table, calls chain with the name of each user-defined chain, and counts them and the policies
// other than ACCEPT. A name is a part of entries.
func read(entries []byte, family mode.Family, info *getinfo, chain func(name []byte)) (chains, policies uint64, err error) {
	l := entryLayouts[family]
	for at := 0; at < len(entries); {
		rest := entries[at:]
		if len(rest) < l.minimum {
			return chains, policies, errMalformed
		}
		target := int(binary.NativeEndian.Uint16(rest[l.targetOffset:]))
		next := int(binary.NativeEndian.Uint16(rest[l.nextOffset:]))
		if next < l.minimum || next > len(rest) || target < l.minimum || target+targetData > next {
			return chains, policies, errMalformed
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
