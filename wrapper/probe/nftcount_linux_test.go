package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// TestNFTTable checks which tables count. The chains of a table decide.
func TestNFTTable(t *testing.T) {
	forward := object{table: []byte("filter"), chain: []byte("FORWARD"), base: true, kind: []byte("filter"), hook: 2, policy: accept, use: 2}
	with := func(change func(*object)) object {
		o := forward
		change(&o)
		return o
	}
	other := with(func(o *object) { o.chain = []byte("forward") })
	user := object{table: []byte("filter"), chain: []byte("X"), use: 60}
	for _, tt := range []struct {
		name   string
		chains []object
		counts bool
		rules  mode.RuleCount
		fixed  uint64
	}{
		{"nothing", nil, true, mode.Exactly(0), 0},
		{"own", []object{forward}, true, mode.Exactly(2), 0},
		{"own with a policy", []object{with(func(o *object) { o.policy = 0 })}, true, mode.Exactly(3), 1},
		{"user-defined", []object{user}, true, mode.RuleCount{Least: 1, Most: 61, Bounded: true}, 1},
		{"own and user-defined", []object{user, forward}, true, mode.RuleCount{Least: 3, Most: 63, Bounded: true}, 1},
		{"foreign", []object{other, user}, false, mode.RuleCount{Least: 1, Most: 61, Bounded: true}, 1},
		{"foreign beside own", []object{other, forward}, true, mode.Exactly(2), 0},
		{"another priority", []object{with(func(o *object) { o.priority = 10 })}, false, mode.Exactly(0), 0},
		{"another hook", []object{with(func(o *object) { o.hook = 1 })}, false, mode.Exactly(0), 0},
		{"another type", []object{forward, with(func(o *object) { o.kind = []byte("route") })}, false, mode.Exactly(2), 0},
		{"a name of another table's", []object{with(func(o *object) { o.chain = []byte("PREROUTING") })}, false, mode.Exactly(0), 0},
		{"own name, not attached", []object{with(func(o *object) { o.base = false })}, true, mode.RuleCount{Least: 1, Most: 3, Bounded: true}, 1},
	} {
		table := &nftTable{name: "filter", foreign: map[string]bool{}, rules: mode.Exactly(0)}
		for _, o := range tt.chains {
			table.add(&o)
			if o.base {
				table.add(&o) // a base chain counts once
			}
		}
		if table.counts() != tt.counts || table.rules != tt.rules || table.fixed != tt.fixed {
			t.Errorf("%s: counts %v, %+v, fixed %d", tt.name, table.counts(), table.rules, table.fixed)
		}
	}
}

// TestBaseChains checks all built-in chains of iptables 1.8.11 (the table in iptables/nft.c).
func TestBaseChains(t *testing.T) {
	var got []string
	hooks := [...]string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"} // iptables' names of enum nf_inet_hooks
	for _, b := range baseChains {
		got = append(got, fmt.Sprintf("%s %s %s %d", b.table, b.name, b.kind, b.priority))
		if hooks[b.hook] != b.name {
			t.Errorf("%s %s: hook %d", b.table, b.name, b.hook)
		}
	}
	want := []string{
		"raw PREROUTING filter -300", "raw OUTPUT filter -300",
		"mangle PREROUTING filter -150", "mangle INPUT filter -150", "mangle FORWARD filter -150", "mangle OUTPUT route -150",
		"mangle POSTROUTING filter -150",
		"nat PREROUTING nat -100", "nat OUTPUT nat -100", "nat INPUT nat 100", "nat POSTROUTING nat 100",
		"filter INPUT filter 0", "filter FORWARD filter 0", "filter OUTPUT filter 0",
		"security INPUT filter 150", "security FORWARD filter 150", "security OUTPUT filter 150",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The request to nft_compat is for revision 0 of the match tcp.
func TestCompat(t *testing.T) {
	want := unhex(t, `
		2c000000 000b 0100 07000000 00000000  # length 44, NFNL_MSG_COMPAT_GET, REQUEST
		02 00 0000
		0800 0100 74637000                    # NFTA_COMPAT_NAME "tcp"
		0800 0200 00000000                    # NFTA_COMPAT_REV
		0800 0300 00000000                    # NFTA_COMPAT_TYPE: a match
	`)
	if got := requestCompat.append(nil, 7); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	reply := func(e unix.Errno) message {
		return message{Header: syscall.NlMsghdr{Type: unix.NLMSG_ERROR}, Data: binary.NativeEndian.AppendUint32(nil, uint32(-int32(e)))}
	}
	for e, want := range map[unix.Errno]mode.Outcome{
		0: mode.Present, unix.EINVAL: mode.Absent, unix.ENOENT: mode.Present, unix.EPROTONOSUPPORT: mode.Present,
		unix.EPERM: mode.Unknown, unix.ENOMEM: mode.Unknown,
	} {
		if got, _, err := requestCompat.judge(reply(e)); got != want || (err != nil) != (want == mode.Unknown) {
			t.Errorf("%v: nft_compat is %v, %v, want %v", e, got, err, want)
		}
	}
	answer := message{Header: syscall.NlMsghdr{Type: nftCompat}, Data: []byte{2, 0, 0, 0xff}} // its last byte is not a sign bit
	if got, _, err := requestCompat.judge(answer); got != mode.Present || err != nil {
		t.Errorf("an answer: nft_compat is %v, %v", got, err)
	}
}
