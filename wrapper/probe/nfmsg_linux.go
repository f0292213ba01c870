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
)

// nfproto returns the family as netfilter numbers it.
func nfproto(f mode.Family) byte { return [...]byte{unix.NFPROTO_IPV4, unix.NFPROTO_IPV6}[f] }

// appendQuestion appends the request for one hint chain by name.
func appendQuestion(b []byte, seq uint32, f mode.Family, h mode.Hint) []byte {
	return appendRequest(b, unix.NFT_MSG_GETCHAIN, 0, seq, nfproto(f),
		attribute{unix.NFTA_CHAIN_TABLE, mode.HintTable}, attribute{unix.NFTA_CHAIN_NAME, h.String()})
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
		return appendRequest(b, d.typ, unix.NLM_F_DUMP, seq, d.proto, attribute{unix.NFTA_RULE_TABLE, d.table})
	}
	return appendRequest(b, d.typ, unix.NLM_F_DUMP, seq, d.proto)
}

// attribute is a string in a request.
type attribute struct {
	typ   uint16
	value string
}

func appendRequest(b []byte, typ, flags uint16, seq uint32, proto byte, attributes ...attribute) []byte {
	start := len(b)
	b = binary.NativeEndian.AppendUint32(b, 0) // the length, once it is known
	b = binary.NativeEndian.AppendUint16(b, unix.NFNL_SUBSYS_NFTABLES<<8|typ)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	b = binary.NativeEndian.AppendUint32(b, 0) // the kernel fills in the sender's port
	b = append(b, proto, unix.NFNETLINK_V0, 0, 0)
	for _, a := range attributes {
		b = binary.NativeEndian.AppendUint16(b, uint16(attrLen+len(a.value)+1))
		b = binary.NativeEndian.AppendUint16(b, a.typ)
		b = append(append(b, a.value...), 0)
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
func (m message) is(typ uint16) bool { return m.typ == unix.NFNL_SUBSYS_NFTABLES<<8|typ }

const accept = 1 // NF_ACCEPT, include/uapi/linux/netfilter.h

// object is what a NEWTABLE, NEWCHAIN or NEWRULE message says, as far as it matters here. The strings are parts of the
// message.
type object struct {
	proto byte // the family it is in
	table []byte
	// Of a chain:
	chain  []byte
	base   bool   // attached to a hook: built in, to iptables
	policy uint32 // of a base chain: accept or NF_DROP
	use    uint32 // rules in it and references to it
}

// parseObject reads such a message. It returns false if the message is cut short.
func parseObject(m message) (object, bool) {
	var o object
	if len(m.body) < genLen {
		return o, false
	}
	o.proto = m.body[0]
	for b := m.body[genLen:]; len(b) >= attrLen; {
		n := int(binary.NativeEndian.Uint16(b))
		typ := binary.NativeEndian.Uint16(b[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
		if n < attrLen || n > len(b) {
			return object{}, false
		}
		value := b[attrLen:n]
		b = b[min(align(n), len(b)):]
		if typ == unix.NFTA_TABLE_NAME { // the same number as NFTA_CHAIN_TABLE and NFTA_RULE_TABLE
			o.table = cstring(value)
		}
		if !m.is(unix.NFT_MSG_NEWCHAIN) { // in others the numbers mean something else
			continue
		}
		switch typ {
		case unix.NFTA_CHAIN_NAME:
			o.chain = cstring(value)
		case unix.NFTA_CHAIN_HOOK:
			o.base = true
		case unix.NFTA_CHAIN_POLICY:
			o.policy = number(value)
		case unix.NFTA_CHAIN_USE:
			o.use = number(value)
		}
	}
	return o, true
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
