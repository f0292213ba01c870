package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// unhex parses hexadecimal digits. The text from # to the end of a line is a comment. The golden bytes are those of a
// little-endian machine.
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

var hintRequest = requestChain(unix.NFPROTO_IPV6, mode.HintTable, mode.KubeIPTablesHint.String())

// The reply to it, after nft add chain ip6 mangle KUBE-IPTABLES-HINT and a rule in that chain.
const newChain = `
	4c000000 030a 0000 05000000 39300000  # length 76, NEWCHAIN, sequence number 5, port 12345
	0a 00 0007                            # NFPROTO_IPV6, generation 7
	0b00 0100 6d616e676c6500 00           # NFTA_CHAIN_TABLE "mangle"
	1700 0300 4b5542452d49505441424c45532d48494e5400 00  # NFTA_CHAIN_NAME
	0c00 0200 0000000000000001            # NFTA_CHAIN_HANDLE
	0800 0600 00000001                    # NFTA_CHAIN_USE 1
`

// The reply if the chain does not exist.
const notFound = `
	24000000 0200 0000 05000000 39300000  # length 36, NLMSG_ERROR
	feffffff                              # -ENOENT
	38000000 040a 0100 05000000 00000000  # the request's header
`

func TestRequest(t *testing.T) {
	want := unhex(t, getChain)
	if got := hintRequest.append(nil, 5); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	for _, tt := range []struct {
		dump request
		want string
	}{
		{requestAll(unix.NFT_MSG_GETTABLE, 0, ""), `14000000 010a 0103 07000000 00000000  00 00 0000`},                       // nft list tables
		{requestAll(unix.NFT_MSG_GETCHAIN, 2, ""), `14000000 040a 0103 07000000 00000000  02 00 0000`},                       // nft list chains ip
		{requestAll(unix.NFT_MSG_GETRULE, 2, "nat"), `1c000000 070a 0103 07000000 00000000  02 00 0000  0800 0100 6e617400`}, // nft list table ip nat: its rules
	} {
		if got, want := tt.dump.append(nil, 7), unhex(t, tt.want); !bytes.Equal(got, want) {
			t.Errorf("%+v: got  %x\nwant %x", tt.dump, got, want)
		}
	}
}

// judgeHint calls judge with a reply to hintRequest.
func judgeHint(m message) (answers, found mode.Outcome, err error) {
	answers, chain, err := hintRequest.judge(m)
	switch {
	case chain != nil:
		found = mode.Present
	case err == nil:
		found = mode.Absent
	}
	return answers, found, err
}

// onlyMessage returns the only message of a reply to request 5.
func onlyMessage(t *testing.T, reply string) message {
	t.Helper()
	messages, err := syscall.ParseNetlinkMessage(unhex(t, reply))
	if err != nil || len(messages) != 1 || messages[0].Header.Seq != 5 {
		t.Fatalf("%s: %+v, %v", reply, messages, err)
	}
	return message(messages[0])
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
			m := onlyMessage(t, tt.reply)
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
		m := onlyMessage(t, tt.reply)
		o, ok := parseObject(m)
		if got := fmt.Sprintf("%d %s %d %s %v %s %d %d %d %d", o.proto, o.table, o.flags, o.chain, o.base, o.kind, o.hook, o.priority, o.policy, o.use); !ok || got != tt.want {
			t.Errorf("got %s, %v, want %s", got, ok, tt.want)
		}
	}
}

// A datagram that is truncated, or that contains a message of a wrong length, is refused.
func TestExchangeRefusesLengths(t *testing.T) {
	whole := unhex(t, newChain)
	ask := func(datagram []byte) error {
		s := answering(t, func(message) []byte { return datagram })
		s.seq = 5 // newChain's
		return s.exchange([]request{hintRequest}, func(int, message) (bool, error) { return false, nil })
	}
	if err := ask(whole); err != nil {
		t.Errorf("the whole message: %v", err)
	}
	for n := 1; n < len(whole); n++ {
		if err := ask(whole[:n]); err != errTruncated {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	for _, length := range []uint32{0, 15, 77, 1 << 31} {
		b := bytes.Clone(whole)
		binary.NativeEndian.PutUint32(b, length)
		if err := ask(b); err != errTruncated {
			t.Errorf("length %d in a message of %d bytes: %v", length, len(b), err)
		}
	}
}

func FuzzReply(f *testing.F) {
	for _, text := range []string{getChain, newChain, notFound, newChain + notFound} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		messages, _ := syscall.ParseNetlinkMessage(b)
		for _, m := range messages {
			if _, found, err := judgeHint(message(m)); found == mode.Present && !bytes.Contains(b, []byte("KUBE-IPTABLES-HINT")) || err != nil && found != mode.Unknown {
				t.Fatalf("found %v, %v", found, err)
			}
		}
	})
}

func FuzzObject(f *testing.F) {
	for _, text := range []string{newChain, baseChain, newRule, notFound} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		messages, _ := syscall.ParseNetlinkMessage(b)
		if len(messages) == 0 {
			return
		}
		o, ok := parseObject(message(messages[0]))
		if ok && !(bytes.Contains(b, o.table) && bytes.Contains(b, o.chain)) {
			t.Fatalf("table %q, chain %q", o.table, o.chain)
		}
		if o.managed() && len(o.table) < len("nat") {
			t.Fatalf("table %q is iptables'", o.table)
		}
	})
}
