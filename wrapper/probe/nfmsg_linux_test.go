package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// unhex reads bytes written as hexadecimal digits, with anything from # to the end of a line a comment. The golden
// bytes are those of a little-endian machine.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	needs.Machine(t, "little_endian")
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// nft list chain ip6 mangle KUBE-IPTABLES-HINT
const getChain = `
	38000000 040a 0100 05000000 00000000  # length 56, GETCHAIN, REQUEST, sequence number 5
	0a 00 0000                            # NFPROTO_IPV6
	0b00 0100 6d616e676c6500 00           # NFTA_CHAIN_TABLE "mangle", padded
	1700 0300 4b5542452d49505441424c45532d48494e5400 00  # NFTA_CHAIN_NAME
`

var hintQuestion = question{unix.NFPROTO_IPV6, mode.HintTable, mode.KubeIPTablesHint.String()}

// The reply to it, after nft add chain ip6 mangle KUBE-IPTABLES-HINT and a rule in it.
const newChain = `
	4c000000 030a 0000 05000000 39300000  # length 76, NEWCHAIN, sequence number 5, port 12345
	0a 00 0007                            # NFPROTO_IPV6, generation 7
	0b00 0100 6d616e676c6500 00           # NFTA_CHAIN_TABLE "mangle"
	1700 0300 4b5542452d49505441424c45532d48494e5400 00  # NFTA_CHAIN_NAME
	0c00 0200 0000000000000001            # NFTA_CHAIN_HANDLE
	0800 0600 00000001                    # NFTA_CHAIN_USE 1
`

// The reply if there is none.
const notFound = `
	24000000 0200 0000 05000000 39300000  # length 36, NLMSG_ERROR
	feffffff                              # -ENOENT
	38000000 040a 0100 05000000 00000000  # the request's header
`

func TestAppendQuestion(t *testing.T) {
	want := unhex(t, getChain)
	if got := appendQuestion(nil, 5, hintQuestion); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	for _, tt := range []struct {
		dump dump
		want string
	}{
		{dump{typ: unix.NFT_MSG_GETTABLE}, `14000000 010a 0103 07000000 00000000  00 00 0000`},                         // nft list tables
		{dump{typ: unix.NFT_MSG_GETCHAIN, proto: 2}, `14000000 040a 0103 07000000 00000000  02 00 0000`},               // nft list chains ip
		{dump{unix.NFT_MSG_GETRULE, 2, "nat"}, `1c000000 070a 0103 07000000 00000000  02 00 0000  0800 0100 6e617400`}, // nft list table ip nat: its rules
	} {
		if got, want := appendDump(nil, 7, tt.dump), unhex(t, tt.want); !bytes.Equal(got, want) {
			t.Errorf("%+v: got  %x\nwant %x", tt.dump, got, want)
		}
	}
}

// judgeHint judges a reply to hintQuestion.
func judgeHint(m message) (answers, found mode.Outcome, err error) {
	answers, chain, err := hintQuestion.judge(m)
	switch {
	case chain != nil:
		found = mode.Present
	case err == nil:
		found = mode.Absent
	}
	return answers, found, err
}

func TestJudgeReply(t *testing.T) {
	errorReply := func(e unix.Errno) string {
		return strings.Replace(notFound, "feffffff", fmt.Sprintf("%02xffffff", byte(-int(e))), 1)
	}
	for _, tt := range []struct {
		name, reply   string
		answers, find mode.Outcome
		err           bool
	}{
		{"found", newChain, mode.Present, mode.Present, false},
		{"not found", notFound, mode.Present, mode.Absent, false},
		{"not permitted", errorReply(unix.EPERM), mode.Unknown, mode.Unknown, true},
		{"no nf_tables", errorReply(unix.EINVAL), mode.Absent, mode.Absent, false},
		{"no such family", errorReply(unix.EAFNOSUPPORT), mode.Present, mode.Absent, false},
		{"no memory", errorReply(unix.ENOMEM), mode.Unknown, mode.Unknown, true},
		{"no error at all", strings.Replace(notFound, "feffffff", "00000000", 1), mode.Unknown, mode.Unknown, true},
		{"another chain", strings.Replace(newChain, "48494e5400 00", "48494e5458 00", 1), mode.Unknown, mode.Unknown, true},
		{"another family", strings.Replace(newChain, "0a 00 0007", "02 00 0007", 1), mode.Unknown, mode.Unknown, true},
		{"another table", strings.Replace(newChain, "6d616e676c65", "6d616e676c66", 1), mode.Unknown, mode.Unknown, true},
		{"an attribute cut short", strings.Replace(newChain, "0800 0600", "0900 0600", 1), mode.Unknown, mode.Unknown, true},
		{"an attribute without length", strings.Replace(newChain, "0800 0600", "0000 0600", 1), mode.Unknown, mode.Unknown, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, rest, ok := cutMessage(unhex(t, tt.reply))
			if !ok || len(rest) != 0 || m.seq != 5 {
				t.Fatalf("cutMessage: %+v, %d bytes left, %v", m, len(rest), ok)
			}
			answers, found, err := judgeHint(m)
			if answers != tt.answers || found != tt.find || (err != nil) != tt.err {
				t.Errorf("got %v, %v, %v; want %v, %v, error %v", answers, found, err, tt.answers, tt.find, tt.err)
			}
		})
	}
}

// iptables-nft -P FORWARD DROP, with two rules in the chain and a table called filter.
const baseChain = `
	5c000000 030a 0200 05000000 39300000  # length 92, NEWCHAIN
	02 00 0003                            # NFPROTO_IPV4
	0b00 0100 66696c74657200 00           # NFTA_CHAIN_TABLE "filter"
	0c00 0300 464f525741524400            # NFTA_CHAIN_NAME "FORWARD"
	1400 0480                             # NFTA_CHAIN_HOOK, nested
	0800 0100 00000002 0800 0200 ffffff6a # hook forward, priority -150
	0b00 0700 66696c74657200 00           # NFTA_CHAIN_TYPE "filter"
	0800 0500 00000000                    # NFTA_CHAIN_POLICY NF_DROP
	0800 0600 00000002                    # NFTA_CHAIN_USE 2
`

// A rule in it: attribute 3 is its handle, not a chain's name as in NEWCHAIN.
const newRule = `
	38000000 060a 0200 05000000 39300000  # length 56, NEWRULE
	02 00 0003
	0b00 0100 66696c74657200 00           # NFTA_RULE_TABLE
	0c00 0200 464f525741524400            # NFTA_RULE_CHAIN
	0c00 0300 4b5542452d580000            # NFTA_RULE_HANDLE
`

// A table with flags owner.
const newTable = `
	30000000 000a 0200 05000000 39300000  # length 48, NEWTABLE
	02 00 0003
	0b00 0100 66696c74657200 00           # NFTA_TABLE_NAME
	0800 0200 00000002                    # NFTA_TABLE_FLAGS
	0800 0300 00000001                    # NFTA_TABLE_USE
`

func TestParseObject(t *testing.T) {
	for _, tt := range []struct {
		reply string
		want  string
	}{
		{newChain, "10 mangle 0 KUBE-IPTABLES-HINT false  0 0 0 1"},
		{baseChain, "2 filter 0 FORWARD true filter 2 -150 0 2"},
		{newRule, "2 filter 0 FORWARD false  0 0 0 0"},
		{newTable, "2 filter 2  false  0 0 0 0"},
	} {
		m, _, ok := cutMessage(unhex(t, tt.reply))
		if !ok {
			t.Fatal(tt.reply)
		}
		o, ok := parseObject(m)
		if got := fmt.Sprintf("%d %s %d %s %v %s %d %d %d %d", o.proto, o.table, o.flags, o.chain, o.base, o.kind, o.hook, o.priority, o.policy, o.use); !ok || got != tt.want {
			t.Errorf("got %s, %v, want %s", got, ok, tt.want)
		}
	}
}

// What counts of a table, by its chains.
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
		table := &nftTable{rules: mode.Exactly(0)}
		for _, o := range tt.chains {
			table.add(&o)
		}
		if table.counts() != tt.counts || table.rules != tt.rules || table.fixed != tt.fixed {
			t.Errorf("%s: counts %v, %+v, fixed %d", tt.name, table.counts(), table.rules, table.fixed)
		}
	}
}

// Every line of the table in iptables/nft.c of 1.8.11.
func TestBaseChains(t *testing.T) {
	var got []string
	for _, b := range baseChains {
		for hook, name := range hooks {
			if b.hooks&(1<<hook) != 0 {
				got = append(got, fmt.Sprintf("%s %s %s %d", b.table, name, b.kind, b.priority))
			}
		}
	}
	want := []string{
		"raw PREROUTING filter -300", "raw OUTPUT filter -300",
		"mangle PREROUTING filter -150", "mangle INPUT filter -150", "mangle FORWARD filter -150", "mangle POSTROUTING filter -150",
		"mangle OUTPUT route -150",
		"nat PREROUTING nat -100", "nat OUTPUT nat -100", "nat INPUT nat 100", "nat POSTROUTING nat 100",
		"filter INPUT filter 0", "filter FORWARD filter 0", "filter OUTPUT filter 0",
		"security INPUT filter 150", "security FORWARD filter 150", "security OUTPUT filter 150",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// nft_compat is asked for revision 0 of the match tcp.
func TestCompat(t *testing.T) {
	want := unhex(t, `
		2c000000 000b 0100 07000000 00000000  # length 44, NFNL_MSG_COMPAT_GET, REQUEST
		02 00 0000
		0800 0100 74637000                    # NFTA_COMPAT_NAME "tcp"
		0800 0200 00000000                    # NFTA_COMPAT_REV
		0800 0300 00000000                    # NFTA_COMPAT_TYPE: a match
	`)
	if got := appendCompat(nil, 7); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	reply := func(e unix.Errno) message {
		return message{typ: unix.NLMSG_ERROR, body: binary.NativeEndian.AppendUint32(nil, uint32(-int32(e)))}
	}
	for e, want := range map[unix.Errno]mode.Outcome{
		unix.EINVAL: mode.Absent, unix.ENOENT: mode.Present, unix.EPROTONOSUPPORT: mode.Present,
		unix.EPERM: mode.Unknown, unix.ENOMEM: mode.Unknown,
	} {
		if got := judgeCompat(reply(e)); got != want {
			t.Errorf("%v: nft_compat is %v, want %v", e, got, want)
		}
	}
	if got := judgeCompat(message{typ: unix.NFNL_SUBSYS_NFT_COMPAT << 8}); got != mode.Present {
		t.Errorf("an answer: nft_compat is %v", got)
	}
}

func TestCutMessageRefuses(t *testing.T) {
	whole := unhex(t, newChain)
	for n := range whole {
		if m, _, ok := cutMessage(whole[:n]); ok {
			t.Errorf("the first %d bytes are taken for the message %+v", n, m)
		}
	}
	for _, length := range []uint32{0, 15, 77, 1 << 31} {
		b := bytes.Clone(whole)
		binary.NativeEndian.PutUint32(b, length)
		if _, _, ok := cutMessage(b); ok {
			t.Errorf("length %d is accepted in a message of %d bytes", length, len(b))
		}
	}
}

func FuzzReply(f *testing.F) {
	for _, text := range []string{getChain, newChain, notFound, newChain + notFound} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			m, rest, ok := cutMessage(b)
			if !ok {
				return
			}
			if len(rest) >= len(b) {
				t.Fatal("no progress")
			}
			if _, found, err := judgeHint(m); found == mode.Present && !bytes.Contains(b, []byte("KUBE-IPTABLES-HINT")) || err != nil && found != mode.Unknown {
				t.Fatalf("found %v, %v", found, err)
			}
			b = rest
		}
	})
}

func FuzzObject(f *testing.F) {
	for _, text := range []string{newChain, baseChain, newRule, notFound} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, ok := cutMessage(b)
		if !ok {
			return
		}
		o, ok := parseObject(m)
		if ok && !(bytes.Contains(b, o.table) && bytes.Contains(b, o.chain)) {
			t.Fatalf("table %q, chain %q", o.table, o.chain)
		}
		if o.managed() && len(o.table) < len("nat") {
			t.Fatalf("table %q is iptables'", o.table)
		}
	})
}
