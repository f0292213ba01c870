package probe

import (
	"bytes"
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// The messages of nf_tables over netlink, as bytes. All functions in this file are pure.
//
//	struct nlmsghdr { __u32 nlmsg_len; __u16 nlmsg_type; __u16 nlmsg_flags; __u32 nlmsg_seq; __u32 nlmsg_pid; };
//	struct nfgenmsg { __u8 nfgen_family; __u8 version; __be16 res_id; };
//	struct nlattr   { __u16 nla_len; __u16 nla_type; };
//
// from include/uapi/linux/netlink.h and include/uapi/linux/netfilter/nfnetlink.h. Headers are in the byte order of the
// machine, nf_tables' numbers within attributes in network order; everything is aligned to four bytes.
const (
	genLen    = 4
	attrLen   = unix.NLA_HDRLEN
	nfTables  = unix.NFNL_SUBSYS_NFTABLES << 8
	nftCompat = unix.NFNL_SUBSYS_NFT_COMPAT << 8
)

// nfproto returns netfilter's number of the family.
func nfproto(f mode.Family) byte { return [...]byte{unix.NFPROTO_IPV4, unix.NFPROTO_IPV6}[f] }

// request is a message to the kernel.
type request struct {
	typ, flags uint16
	proto      byte
	attributes [4]string // by number, without the final NUL byte; an empty one is not sent
}

// requestChain asks for one chain by name.
func requestChain(proto byte, table, chain string) request {
	return request{nfTables | unix.NFT_MSG_GETCHAIN, 0, proto,
		[...]string{unix.NFTA_CHAIN_TABLE: table, unix.NFTA_CHAIN_NAME: chain}}
}

// requestAll asks for all tables (NFT_MSG_GETTABLE), all chains of a family (NFT_MSG_GETCHAIN; nf_tables_dump_chains supports no
// other filter), or all rules of a table (NFT_MSG_GETRULE).
func requestAll(typ uint16, proto byte, table string) request {
	return request{nfTables | typ, unix.NLM_F_DUMP, proto, [4]string{unix.NFTA_RULE_TABLE: table}}
}

// requestCompat asks nft_compat for revision 0 of the match tcp, which every kernel with x_tables has (net/netfilter/Makefile). It
// has all three attributes: without them nfnl_compat_get_rcu answers EINVAL, as nfnetlink does without nft_compat. They are
// NFTA_COMPAT_NAME, _REV and _TYPE of include/uapi/linux/netfilter/nf_tables_compat.h. The numbers are 32-bit zeros.
var requestCompat = request{nftCompat, 0, unix.NFPROTO_IPV4, [...]string{1: "tcp", 2: "\x00\x00\x00", 3: "\x00\x00\x00"}}

// append appends the message to b.
func (r *request) append(b []byte, seq uint32) []byte {
	start := len(b)
	b = binary.NativeEndian.AppendUint32(b, 0) // the length, filled in below
	b = binary.NativeEndian.AppendUint16(b, r.typ)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|r.flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	b = binary.NativeEndian.AppendUint32(b, 0) // the kernel fills in the sender's port
	b = append(b, r.proto, unix.NFNETLINK_V0, 0, 0)
	for typ, value := range r.attributes {
		if value == "" {
			continue
		}
		b = binary.NativeEndian.AppendUint16(b, uint16(attrLen+len(value)+1))
		b = binary.NativeEndian.AppendUint16(b, uint16(typ))
		b = append(append(b, value...), 0)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	binary.NativeEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// message is a message from the kernel.
type message syscall.NetlinkMessage

// errno returns the error number in an NLMSG_ERROR or NLMSG_DONE message, zero for none.
func (m message) errno() unix.Errno {
	if t := m.Header.Type; t != unix.NLMSG_ERROR && t != unix.NLMSG_DONE || len(m.Data) < 4 {
		return 0
	}
	return unix.Errno(max(0, -int64(int32(binary.NativeEndian.Uint32(m.Data)))))
}

const (
	accept     = 1 // NF_ACCEPT, include/uapi/linux/netfilter.h
	tableOwned = 2 // NFT_TABLE_F_OWNER, include/uapi/linux/netfilter/nf_tables.h: the table belongs to a process
)

// object contains the fields of a NEWTABLE, NEWCHAIN or NEWRULE message that matter here. The strings are slices of the message.
type object struct {
	proto    byte // its family
	table    []byte
	flags    uint32 // of a table
	chain    []byte // of a chain or a rule
	base     bool   // of a chain: attached to a hook (built in, to iptables)
	kind     []byte // of a base chain, such as "filter"
	hook     uint32
	priority int32
	policy   uint32 // accept or NF_DROP
	use      uint32 // of a chain: the rules in it and the references to it
}

// The meaning of an attribute's number depends on the type of its message, or on NFTA_CHAIN_HOOK if it is nested in that.
const (
	inTable = (nfTables | unix.NFT_MSG_NEWTABLE) << 16
	inChain = (nfTables | unix.NFT_MSG_NEWCHAIN) << 16
	inRule  = (nfTables | unix.NFT_MSG_NEWRULE) << 16
	inHook  = 1 << 16
)

// parseObject reads the message of an object. It returns false if the message is truncated.
func parseObject(m message) (o object, ok bool) {
	if len(m.Data) < genLen {
		return o, false
	}
	o.proto = m.Data[0]
	ok = o.parse(uint32(m.Header.Type)<<16, m.Data[genLen:])
	return o, ok
}

// parse reads the attributes in b.
func (o *object) parse(in uint32, b []byte) (ok bool) {
	for len(b) >= attrLen {
		n := int(binary.NativeEndian.Uint16(b))
		if n < attrLen || n > len(b) {
			return false
		}
		typ, value := binary.NativeEndian.Uint16(b[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), b[attrLen:n]
		switch in | uint32(typ) {
		case inTable | unix.NFTA_TABLE_NAME, inChain | unix.NFTA_CHAIN_TABLE, inRule | unix.NFTA_RULE_TABLE:
			o.table = cstring(value)
		case inTable | unix.NFTA_TABLE_FLAGS:
			o.flags = number(value)
		case inChain | unix.NFTA_CHAIN_NAME, inRule | unix.NFTA_RULE_CHAIN:
			o.chain = cstring(value)
		case inChain | unix.NFTA_CHAIN_HOOK:
			o.base = true
			if !o.parse(inHook, value) {
				return false
			}
		case inHook | unix.NFTA_HOOK_HOOKNUM:
			o.hook = number(value)
		case inHook | unix.NFTA_HOOK_PRIORITY:
			o.priority = int32(number(value))
		case inChain | unix.NFTA_CHAIN_TYPE:
			o.kind = cstring(value)
		case inChain | unix.NFTA_CHAIN_POLICY:
			o.policy = number(value)
		case inChain | unix.NFTA_CHAIN_USE:
			o.use = number(value)
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return true
}

// number returns the number in an attribute of 32 bits, and zero for any other attribute.
func number(value []byte) uint32 {
	if len(value) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(value)
}

// cstring returns b up to its first NUL byte.
func cstring(b []byte) []byte {
	s, _, _ := bytes.Cut(b, []byte{0})
	return s
}
