package probe

import (
	"encoding/binary"
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

var errMalformed = errors.New("malformed entries")

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

// read walks the entries of a table, calls chain with the name of each user-defined chain, and counts them and the policies
// other than ACCEPT. A name is a part of entries.
func read(entries []byte, family mode.Family, info *getinfo, chain func(name []byte)) (chains, policies uint64, err error) {
	offsets := targetOffsets[family]
	minimum := offsets + 24 // where C aligns the counters to 8 bytes, those of ip6t_entry begin 4 later
	for at := 0; at < len(entries); {
		rest := entries[at:]
		if len(rest) < minimum {
			return chains, policies, errMalformed
		}
		target := int(binary.NativeEndian.Uint16(rest[offsets:]))
		next := int(binary.NativeEndian.Uint16(rest[offsets+2:]))
		if next < minimum || next > len(rest) || target < minimum || target+targetData > next {
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
