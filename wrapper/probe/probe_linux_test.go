package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// unhex reads bytes written as hexadecimal digits, with anything from # to the end of a line a comment. The golden
// bytes are those of a little-endian machine.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("golden bytes are little-endian")
	}
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
	if got := appendQuestion(nil, 5, mode.IPv6, mode.KubeIPTablesHint); !bytes.Equal(got, want) {
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
		{"another table", strings.Replace(newChain, "6d616e676c65", "6d616e676c66", 1), mode.Unknown, mode.Unknown, true},
		{"an attribute cut short", strings.Replace(newChain, "0800 0600", "0900 0600", 1), mode.Unknown, mode.Unknown, true},
		{"an attribute without length", strings.Replace(newChain, "0800 0600", "0000 0600", 1), mode.Unknown, mode.Unknown, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, rest, ok := cutMessage(unhex(t, tt.reply))
			if !ok || len(rest) != 0 || m.seq != 5 {
				t.Fatalf("cutMessage: %+v, %d bytes left, %v", m, len(rest), ok)
			}
			answers, found, err := judgeReply(m, mode.KubeIPTablesHint)
			if answers != tt.answers || found != tt.find || (err != nil) != tt.err {
				t.Errorf("got %v, %v, %v; want %v, %v, error %v", answers, found, err, tt.answers, tt.find, tt.err)
			}
		})
	}
}

// iptables-nft -P FORWARD DROP, with two rules in the chain and a table called filter.
const baseChain = `
	50000000 030a 0200 05000000 39300000  # length 80, NEWCHAIN
	02 00 0003                            # NFPROTO_IPV4
	0b00 0100 66696c74657200 00           # NFTA_CHAIN_TABLE "filter"
	0c00 0300 464f525741524400            # NFTA_CHAIN_NAME "FORWARD"
	1400 0480                             # NFTA_CHAIN_HOOK, nested
	0800 0100 00000002 0800 0200 00000000 # hook forward, priority 0
	0800 0500 00000000                    # NFTA_CHAIN_POLICY NF_DROP
	0800 0600 00000002                    # NFTA_CHAIN_USE 2
`

// A rule in it: attribute 3 is its handle, of which nothing may be taken for a chain's name.
const newRule = `
	38000000 060a 0200 05000000 39300000  # length 56, NEWRULE
	02 00 0003
	0b00 0100 66696c74657200 00           # NFTA_RULE_TABLE
	0c00 0200 464f525741524400            # NFTA_RULE_CHAIN
	0c00 0300 4b5542452d580000            # NFTA_RULE_HANDLE
`

func TestParseObject(t *testing.T) {
	for _, tt := range []struct {
		reply string
		want  string
	}{
		{newChain, "mangle KUBE-IPTABLES-HINT false 0 1"},
		{baseChain, "filter FORWARD true 0 2"},
		{newRule, "filter  false 0 0"},
		{strings.Replace(newRule, "060a", "000a", 1), "filter  false 0 0"}, // NEWTABLE
	} {
		m, _, ok := cutMessage(unhex(t, tt.reply))
		if !ok {
			t.Fatal(tt.reply)
		}
		o, ok := parseObject(m)
		if got := fmt.Sprintf("%s %s %v %d %d", o.table, o.chain, o.base, o.policy, o.use); !ok || got != tt.want {
			t.Errorf("got %s, %v, want %s", got, ok, tt.want)
		}
	}
}

func TestAddChain(t *testing.T) {
	s := &nft{Backend: new(mode.Backend)}
	s.Held.Bounded = true
	add := s.addChain(4)
	for i, step := range []struct {
		chain object
		more  bool
		want  mode.Amount
	}{
		{object{base: true, policy: accept, use: 2}, true, mode.Exactly(2)},
		{object{base: true, policy: 0, use: 0}, true, mode.Exactly(3)},
		{object{chain: []byte("cali-X"), use: 60}, false, mode.Amount{Least: 4, Most: 64, Bounded: true}},
	} {
		if more := add(step.chain); more != step.more || s.Held != step.want {
			t.Errorf("%d: got %+v, more %v", i, s.Held, more)
		}
	}
	if s.fixed != 2 || s.Owners != (mode.Owners{4: 1}) {
		t.Errorf("policies and chains %d, owners %v", s.fixed, s.Owners)
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

// entry makes an entry of a legacy table, with an ERROR target for a chain's head and a standard one otherwise.
func entry(f mode.Family, chain string, verdict int32) []byte {
	l := entryLayouts[f]
	size := map[mode.Family]int{mode.IPv4: 112, mode.IPv6: 168}[f] // sizeof(struct ipt_entry), sizeof(struct ip6t_entry)
	length := size + 40                                            // struct xt_standard_target
	if chain != "" {
		length = size + 64 // struct xt_error_target
	}
	b := make([]byte, length)
	binary.NativeEndian.PutUint16(b[l.targetOffset:], uint16(size))
	binary.NativeEndian.PutUint16(b[l.nextOffset:], uint16(length))
	binary.NativeEndian.PutUint16(b[size:], uint16(length-size))
	binary.NativeEndian.PutUint32(b[size+targetData:], uint32(verdict))
	if chain != "" {
		copy(b[size+targetName:], errorTarget)
		copy(b[size+targetData:], chain)
	}
	return b
}

const (
	acceptVerdict = -2 // -NF_ACCEPT - 1
	dropVerdict   = -1
)

// table is a mangle table with the user-defined chains, each of them with a rule that drops and its end, and a policy.
func table(f mode.Family, policy int32, chains ...string) ([]byte, *getinfo) {
	info := &getinfo{validHooks: 0x1f}
	var b []byte
	for hook := range 5 {
		info.underflow[hook] = uint32(len(b))
		verdict := int32(acceptVerdict)
		if hook == 2 {
			verdict = policy
		}
		b = append(b, entry(f, "", verdict)...)
	}
	for _, chain := range chains {
		b = append(b, entry(f, chain, 0)...)
		b = append(b, entry(f, "", dropVerdict)...)
		b = append(b, entry(f, "", acceptVerdict)...)
	}
	info.numEntries = uint32(5 + 3*len(chains) + 1)
	return append(b, entry(f, errorTarget, 0)...), info
}

func TestRead(t *testing.T) {
	want := []string{"KUBE-IPTABLES-HINT", "X", "twenty-eight-characters-long"}
	for _, f := range []mode.Family{mode.IPv4, mode.IPv6} {
		for policy, policies := range map[int32]uint64{acceptVerdict: 0, dropVerdict: 1} {
			var got []string
			entries, info := table(f, policy, want...)
			chains, policy, err := read(entries, f, info, func(name []byte) { got = append(got, string(name)) })
			if err != nil || chains != uint64(len(want)) || policy != policies || strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%v: %d chains %q, %d policies, %v; want %q, %d", f, chains, got, policy, err, want, policies)
			}
			if got := info.others(); got != 9 {
				t.Errorf("%v: %d entries for rules and chains, want 9", f, got)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole, info := table(mode.IPv4, acceptVerdict, "X")
	for n := 1; n < len(whole); n++ {
		_, _, err := read(whole[:n], mode.IPv4, info, func([]byte) {})
		if boundary := n%152 == 0 && n <= 5*152 || n == 5*152+176 || n == 6*152+176 || n == 7*152+176; (err == nil) != boundary {
			t.Errorf("the first %d of %d bytes: %v", n, len(whole), err)
		}
	}
	for _, next := range []uint16{0, 111, 151 - 8, 0xffff} {
		b := bytes.Clone(whole)
		binary.NativeEndian.PutUint16(b[90:], next)
		if _, _, err := read(b, mode.IPv4, info, func([]byte) {}); err == nil {
			t.Errorf("next_offset %d is accepted", next)
		}
	}
}

func TestProcLines(t *testing.T) {
	const all = "nft_compat 20480 2 - Live 0x0000000000000000\nnf_tables 323584 123 nft_compat, Live 0x0\nnfnetlink 20480 1 nf_tables, Live 0x0\n"
	for text, want := range map[string]modules{
		"":  {},
		all: {nfTables: true, nfnetlink: true},
		"nfnetlink 20480 1 nf_tables, Live 0x0\n":                            {nfnetlink: true},
		"ip6_tables 36864 0 - Live 0x0\nx_tables 1 2 ip6_tables, Live 0x0\n": {ipTables: true},
		"nf_tables_x 1 0 - Live 0x0\nxnfnetlink 1 0 - Live":                  {},
	} {
		var got modules
		for line := range strings.Lines(text) {
			got.note([]byte(strings.TrimSuffix(line, "\n")))
		}
		if got != want {
			t.Errorf("modules of %q: %+v, want %+v", text, got, want)
		}
	}
	for line, want := range map[string]bool{
		"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode": false,
		"00000000a2cf9c9b 12  0          00000000 0        0        0     2        0        1498":  true,
		"00000000a2cf9c9b 12  4021       00000000 0        0        0     2        0        1498":  false,
		"00000000a2cf9c9b 15  0          00000000 0        0        0     2        0        1498":  false,
		"00000000a2cf9c9b 0   12         00000000 0        0        0     2        0        1498":  false,
		"12 0": false,
		"":     false,
	} {
		if got := isKernelSocket([]byte(line)); got != want {
			t.Errorf("isKernelSocket(%q) = %v", line, got)
		}
	}
}

// lines writes text to a file and returns the lines that are read from it, with a buffer of that size.
func lines(t *testing.T, text []byte, size int) ([]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := eachLine(path, make([]byte, size), func(line []byte) bool {
		got = append(got, string(line))
		return true
	})
	return got, err
}

func TestEachLine(t *testing.T) {
	want := []string{"nat", "", "filter", "mangle"}
	for size := len("mangle\n"); size < 40; size++ {
		got, err := lines(t, []byte("nat\n\nfilter\nmangle\n"), size)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("buffer of %d bytes: %q, %v, want %q", size, got, err, want)
		}
	}
	if got, err := lines(t, []byte("nat\nfilters\n"), 7); !errors.Is(err, errTooLong) || len(got) != 1 {
		t.Errorf("line longer than the buffer: %q, %v", got, err)
	}
}

// The kernel's structs, measured in C on a 64-bit machine; they are the same on every architecture.
func TestSizes(t *testing.T) {
	if got := binary.Size(struct {
		Name       [32]byte
		Hooks      uint32
		Entry      [5]uint32
		Underflow  [5]uint32
		Entries    uint32
		SizeOfData uint32
	}{}); got != int(unsafe.Sizeof(getinfo{})) {
		t.Errorf("struct ipt_getinfo has %d bytes, getinfo %d", got, unsafe.Sizeof(getinfo{}))
	}
	if info, entries := unsafe.Sizeof(getinfo{}), unsafe.Sizeof(getentries{}); info != 84 || entries != 36 || entriesOffset() < int(entries) {
		t.Errorf("getinfo has %d bytes, want 84; getentries %d, want 36", info, entries)
	}
}

// What /proc/kallsyms says is what nf_tables itself says, where asking cannot load it. (Other kernels: tests/kernels.)
func TestBuiltIn(t *testing.T) {
	if _, err := os.Stat("/proc/modules"); err == nil {
		t.Skip("this kernel has modules: to ask could load one")
	}
	var b mode.Backend
	s := newNFT(&b, make([]byte, bufferSize))
	defer s.close()
	s.open()
	s.hints(false)
	if got := builtIn(make([]byte, 4096)); b.Answers != mode.Unknown && got != b.Answers {
		t.Errorf("by /proc/kallsyms nf_tables is %v, by its answer %v", got, b.Answers)
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
			if _, found, err := judgeReply(m, mode.KubeIPTablesHint); found == mode.Present && !bytes.Contains(b, []byte("KUBE-IPTABLES-HINT")) || err != nil && found != mode.Unknown {
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

func FuzzRead(f *testing.F) {
	four, info := table(mode.IPv4, dropVerdict, "KUBE-IPTABLES-HINT", "X")
	f.Add(four, false, info.validHooks, info.underflow[2])
	six, info := table(mode.IPv6, acceptVerdict, "KUBE-KUBELET-CANARY")
	f.Add(six, true, info.validHooks, info.underflow[2])
	f.Fuzz(func(t *testing.T, b []byte, v6 bool, hooks, underflow uint32) {
		family := mode.IPv4
		if v6 {
			family = mode.IPv6
		}
		calls := uint64(0)
		chains, policies, _ := read(b, family, &getinfo{validHooks: hooks, underflow: [5]uint32{2: underflow}}, func(name []byte) {
			calls++
			if len(name) > errorNameLen || !bytes.Contains(b, name) {
				t.Fatalf("name %q", name)
			}
		})
		if chains != calls || policies > 1 && hooks&0b11011 == 0 {
			t.Fatalf("%d chains, %d policies, %d calls", chains, policies, calls)
		}
	})
}

func FuzzProc(f *testing.F) {
	f.Add([]byte("nf_tables 323584 123 nft_compat, Live 0x0\nnfnetlink 20480 1 nf_tables, Live 0x0\n"), 80)
	f.Add([]byte("00000000a2cf9c9b 12  0          00000000 0 0 0 2 0 1498\n"), 60)
	f.Add([]byte("nat\nfilter\nmangle\n"), 7)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		if size < 1 || size > 4096 {
			return
		}
		got, err := lines(t, b, size)
		text := strings.Join(got, "\n")
		if len(got) > 0 {
			text += "\n"
		}
		if whole := b[:bytes.LastIndexByte(b, '\n')+1]; err == nil && text != string(whole) || !strings.HasPrefix(string(whole), text) {
			t.Fatalf("%q of %q, %v", text, b, err)
		}
		var m modules
		for _, line := range got {
			if m.note([]byte(line)); m.nfTables && !strings.Contains(text, "nf_tables") {
				t.Fatal("nf_tables out of nothing")
			}
			if isKernelSocket([]byte(line)) && !strings.Contains(line, "12") {
				t.Fatal("a socket out of nothing")
			}
		}
	})
}
