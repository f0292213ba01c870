package scenarios

import (
	"encoding/binary"
	"slices"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

// own creates a table with flag owner, which google/nftables does not support. The table exists as long as the socket
// that created it. It contains a chain like iptables-nft's, with a policy that would count.
func (h *host) own(family nftables.TableFamily, table string) {
	h.t.Helper()
	number := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	attribute := func(typ uint16, value []byte) []byte {
		b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
		b = append(binary.NativeEndian.AppendUint16(b, typ), value...)
		return append(b, make([]byte, -len(b)&3)...)
	}
	message := func(typ, flags uint16, family byte, subsystem uint16, attributes ...[]byte) []byte {
		body := slices.Concat(attributes...)
		b := binary.NativeEndian.AppendUint32(nil, uint32(20+len(body)))
		b = binary.NativeEndian.AppendUint16(b, typ)
		b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|flags)
		b = append(b, make([]byte, 8)...)
		return append(append(b, family, 0, byte(subsystem>>8), byte(subsystem)), body...)
	}
	const ownerFlag, nested = 2, unix.NLA_F_NESTED
	name := attribute(unix.NFTA_TABLE_NAME, []byte(table+"\x00"))
	batch := slices.Concat(
		message(unix.NFNL_MSG_BATCH_BEGIN, 0, 0, unix.NFNL_SUBSYS_NFTABLES),
		message(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_NEWTABLE, unix.NLM_F_CREATE, byte(family), 0, name,
			attribute(unix.NFTA_TABLE_FLAGS, number(ownerFlag))),
		message(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_NEWCHAIN, unix.NLM_F_CREATE|unix.NLM_F_ACK, byte(family), 0, name,
			attribute(unix.NFTA_CHAIN_NAME, []byte("INPUT\x00")), attribute(unix.NFTA_CHAIN_TYPE, []byte("filter\x00")),
			attribute(unix.NFTA_CHAIN_HOOK|nested, slices.Concat(attribute(unix.NFTA_HOOK_HOOKNUM, number(1)), attribute(unix.NFTA_HOOK_PRIORITY, number(0)))),
			attribute(unix.NFTA_CHAIN_POLICY, number(0))),
		message(unix.NFNL_MSG_BATCH_END, 0, 0, unix.NFNL_SUBSYS_NFTABLES),
	)
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Sendto(fd, batch, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		h.t.Fatal(err)
	}
	reply := make([]byte, 4096)
	n, err := unix.Read(fd, reply)
	if err != nil || n < 20 {
		h.t.Fatalf("create a table with an owner: %d bytes, %v", n, err)
	}
	if errno := int32(binary.NativeEndian.Uint32(reply[16:])); errno != 0 {
		h.t.Fatalf("create a table with an owner: %v", unix.Errno(-errno))
	}
}
