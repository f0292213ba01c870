package probe

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// entry returns an entry of a legacy table, with an ERROR target for the head of a chain and otherwise a standard one.
func entry(f mode.Family, chain string, verdict int32) []byte {
	// offsetof(struct ipt_entry, target_offset), offsetof(struct ip6t_entry, target_offset); next_offset follows.
	targetOffset := map[mode.Family]int{mode.IPv4: 88, mode.IPv6: 140}[f]
	size := map[mode.Family]int{mode.IPv4: 112, mode.IPv6: 168}[f] // sizeof(struct ipt_entry), sizeof(struct ip6t_entry)
	length := size + 40                                            // struct xt_standard_target
	if chain != "" {
		length = size + 64 // struct xt_error_target
	}
	b := make([]byte, length)
	binary.NativeEndian.PutUint16(b[targetOffset:], uint16(size))
	binary.NativeEndian.PutUint16(b[targetOffset+2:], uint16(length))
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

// table returns a table mangle with a policy and the user-defined chains. Each chain has a rule that drops, and its end.
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

func TestWalk(t *testing.T) {
	want := []string{"KUBE-IPTABLES-HINT", "X", "twenty-eight-characters-long"}
	for _, f := range []mode.Family{mode.IPv4, mode.IPv6} {
		for policy, policies := range map[int32]uint64{acceptVerdict: 0, dropVerdict: 1} {
			var got []string
			entries, info := table(f, policy, want...)
			chains, policy, err := walk(entries, f, info, func(name []byte) { got = append(got, string(name)) })
			if err != nil || chains != uint64(len(want)) || policy != policies || strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%v: %d chains %q, %d policies, %v; want %q, %d", f, chains, got, policy, err, want, policies)
			}
			if got := info.others(); got != 9 {
				t.Errorf("%v: %d entries for rules and chains, want 9", f, got)
			}
		}
	}
}

func TestWalkRefuses(t *testing.T) {
	whole, info := table(mode.IPv4, acceptVerdict, "X")
	for n := 1; n < len(whole); n++ {
		_, _, err := walk(whole[:n], mode.IPv4, info, func([]byte) {})
		if boundary := n%152 == 0 && n <= 5*152 || n == 5*152+176 || n == 6*152+176 || n == 7*152+176; (err == nil) != boundary {
			t.Errorf("the first %d of %d bytes: %v", n, len(whole), err)
		}
	}
	for _, next := range []uint16{0, 111, 151 - 8, 0xffff} {
		b := bytes.Clone(whole)
		binary.NativeEndian.PutUint16(b[90:], next)
		if _, _, err := walk(b, mode.IPv4, info, func([]byte) {}); err == nil {
			t.Errorf("next_offset %d is accepted", next)
		}
	}
}

// The sizes of the kernel's structs, measured in C on a 64-bit machine. They are the same on every architecture.
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
	// offsetof(struct ipt_get_entries, entrytable). The entries have 64-bit counters, which i386 aligns to 4 bytes.
	wantOffset := 40
	if runtime.GOARCH == "386" {
		wantOffset = 36
	}
	if info := unsafe.Sizeof(getinfo{}); info != 84 || nameLen+4 != 36 || entriesOffset() != wantOffset {
		t.Errorf("getinfo has %d bytes, want 84; its name %d, want 32; entries at %d, want %d", info, nameLen, entriesOffset(), wantOffset)
	}
}

func FuzzWalk(f *testing.F) {
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
		chains, policies, _ := walk(b, family, &getinfo{validHooks: hooks, underflow: [5]uint32{2: underflow}}, func(name []byte) {
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
