package probe

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// The messages of nf_tables over netlink, as bytes. Everything here is a pure function.
//
//	struct nlmsghdr { __u32 nlmsg_len; __u16 nlmsg_type; __u16 nlmsg_flags; __u32 nlmsg_seq; __u32 nlmsg_pid; };
//	struct nfgenmsg { __u8 nfgen_family; __u8 version; __be16 res_id; };
//	struct nlattr   { __u16 nla_len; __u16 nla_type; };
//
// from include/uapi/linux/netlink.h and include/uapi/linux/netfilter/nfnetlink.h. Headers are in the byte order of the
// machine, nf_tables' numbers within attributes in network order; everything is aligned to four bytes.
const (
	headerLen = unix.NLMSG_HDRLEN
	genLen    = 4
	attrLen   = unix.NLA_HDRLEN
	nfTables  = unix.NFNL_SUBSYS_NFTABLES << 8
)

// nfproto returns the family as netfilter numbers it.
func nfproto(f mode.Family) byte { return [...]byte{unix.NFPROTO_IPV4, unix.NFPROTO_IPV6}[f] }

// question asks for one chain by name.
type question struct {
	proto        byte
	table, chain string
}

func appendQuestion(b []byte, seq uint32, q question) []byte {
	return appendRequest(b, nfTables|unix.NFT_MSG_GETCHAIN, 0, seq, q.proto,
		attribute{unix.NFTA_CHAIN_TABLE, q.table + "\x00"}, attribute{unix.NFTA_CHAIN_NAME, q.chain + "\x00"})
}

// appendCompat appends the question of nft_compat for revision 0 of the match tcp, which every kernel with x_tables has
// (net/netfilter/Makefile). All three attributes have to be there: nfnl_compat_get_rcu answers EINVAL without, as
// nfnetlink does without nft_compat. Their numbers are those of include/uapi/linux/netfilter/nf_tables_compat.h.
func appendCompat(b []byte, seq uint32) []byte {
	const get, name, revision, target = unix.NFNL_SUBSYS_NFT_COMPAT << 8, 1, 2, 3
	return appendRequest(b, get, 0, seq, unix.NFPROTO_IPV4,
		attribute{name, "tcp\x00"}, attribute{revision, "\x00\x00\x00\x00"}, attribute{target, "\x00\x00\x00\x00"})
}

// dump is what can be asked for as a whole: all tables (NFT_MSG_GETTABLE), all chains of a family (NFT_MSG_GETCHAIN;
// nf_tables_dump_chains knows no other choice), or all rules of a table (NFT_MSG_GETRULE).
type dump struct {
	typ   uint16
	proto byte
	table string
}

func appendDump(b []byte, seq uint32, d dump) []byte {
	if d.typ == unix.NFT_MSG_GETRULE {
		return appendRequest(b, nfTables|d.typ, unix.NLM_F_DUMP, seq, d.proto, attribute{unix.NFTA_RULE_TABLE, d.table + "\x00"})
	}
	return appendRequest(b, nfTables|d.typ, unix.NLM_F_DUMP, seq, d.proto)
}

// attribute is an attribute of a request.
type attribute struct {
	typ   uint16
	value string
}

func appendRequest(b []byte, typ, flags uint16, seq uint32, proto byte, attributes ...attribute) []byte {
	start := len(b)
	b = binary.NativeEndian.AppendUint32(b, 0) // the length, once it is known
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	b = binary.NativeEndian.AppendUint32(b, 0) // the kernel fills in the sender's port
	b = append(b, proto, unix.NFNETLINK_V0, 0, 0)
	for _, a := range attributes {
		b = binary.NativeEndian.AppendUint16(b, uint16(attrLen+len(a.value)))
		b = binary.NativeEndian.AppendUint16(b, a.typ)
		b = append(b, a.value...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	binary.NativeEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// message is one netlink message: the body is what follows the header.
type message struct {
	typ, flags uint16
	seq        uint32
	body       []byte
}

// cutMessage takes the first message off b. It returns false if b does not begin with a whole one.
func cutMessage(b []byte) (m message, rest []byte, ok bool) {
	if len(b) < headerLen {
		return message{}, nil, false
	}
	n := binary.NativeEndian.Uint32(b)
	if n < headerLen || uint64(n) > uint64(len(b)) {
		return message{}, nil, false
	}
	m = message{
		typ:   binary.NativeEndian.Uint16(b[4:]),
		flags: binary.NativeEndian.Uint16(b[6:]),
		seq:   binary.NativeEndian.Uint32(b[8:]),
		body:  b[headerLen:n],
	}
	return m, b[min(align(int(n)), len(b)):], true
}

// errno returns the error number in an NLMSG_ERROR or NLMSG_DONE message, zero for none.
func (m message) errno() unix.Errno {
	if len(m.body) < 4 {
		return 0
	}
	if e := int32(binary.NativeEndian.Uint32(m.body)); e < 0 {
		return unix.Errno(-int64(e))
	}
	return 0
}

// is reports whether m is nf_tables' message of type typ.
func (m message) is(typ uint16) bool { return m.typ == nfTables|typ }

const accept = 1 // NF_ACCEPT, include/uapi/linux/netfilter.h

// object is what a NEWTABLE, NEWCHAIN or NEWRULE message says, as far as it matters here. The strings are parts of the
// message.
type object struct {
	proto byte // the family it is in
	table []byte
	flags uint32 // of a table
	chain []byte // of a chain or a rule
	// Of a chain:
	base     bool   // attached to a hook: built in, to iptables
	kind     []byte // of a base chain, such as "filter"
	hook     uint32
	priority int32
	policy   uint32 // of a base chain: accept or NF_DROP
	use      uint32 // rules in it and references to it
}

// parseObject reads such a message. It returns false if the message is cut short.
func parseObject(m message) (object, bool) {
	var o object
	if len(m.body) < genLen {
		return o, false
	}
	o.proto = m.body[0]
	ok := eachAttribute(m.body[genLen:], func(typ uint16, value []byte) bool {
		switch {
		case typ == unix.NFTA_TABLE_NAME: // the same number as NFTA_CHAIN_TABLE and NFTA_RULE_TABLE
			o.table = cstring(value)
		case m.is(unix.NFT_MSG_NEWCHAIN):
			return o.chainAttribute(typ, value)
		case m.is(unix.NFT_MSG_NEWTABLE) && typ == unix.NFTA_TABLE_FLAGS:
			o.flags = number(value)
		case m.is(unix.NFT_MSG_NEWRULE) && typ == unix.NFTA_RULE_CHAIN:
			o.chain = cstring(value)
		}
		return true
	})
	return o, ok
}

func (o *object) chainAttribute(typ uint16, value []byte) (ok bool) {
	switch typ {
	case unix.NFTA_CHAIN_NAME:
		o.chain = cstring(value)
	case unix.NFTA_CHAIN_HOOK:
		o.base = true
		return eachAttribute(value, func(typ uint16, value []byte) bool {
			switch typ {
			case unix.NFTA_HOOK_HOOKNUM:
				o.hook = number(value)
			case unix.NFTA_HOOK_PRIORITY:
				o.priority = int32(number(value))
			}
			return true
		})
	case unix.NFTA_CHAIN_TYPE:
		o.kind = cstring(value)
	case unix.NFTA_CHAIN_POLICY:
		o.policy = number(value)
	case unix.NFTA_CHAIN_USE:
		o.use = number(value)
	}
	return true
}

// eachAttribute calls f with each attribute in b, until it returns false. It returns false then, or if b is cut short.
func eachAttribute(b []byte, f func(typ uint16, value []byte) (ok bool)) bool {
	for len(b) >= attrLen {
		n := int(binary.NativeEndian.Uint16(b))
		typ := binary.NativeEndian.Uint16(b[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
		if n < attrLen || n > len(b) || !f(typ, b[attrLen:n]) {
			return false
		}
		b = b[min(align(n), len(b)):]
	}
	return true
}

// number returns a number of an attribute, zero if it is none of 32 bits.
func number(value []byte) uint32 {
	if len(value) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(value)
}

func align(n int) int { return (n + 3) &^ 3 }

// cstring returns b up to its first NUL byte.
func cstring(b []byte) []byte {
	s, _, _ := bytes.Cut(b, []byte{0})
	return s
}
