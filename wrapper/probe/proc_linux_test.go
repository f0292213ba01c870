package probe

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// contained writes text to a file and returns the result of contains, with a buffer of that size.
func contained(t *testing.T, text string, size int, wanted ...string) ([]bool, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return contains(path, make([]byte, size), wanted...)
}

func TestModules(t *testing.T) {
	const all = "nft_compat 20480 2 - Live 0x0000000000000000\nnf_tables 323584 123 nft_compat, Live 0x0\nnfnetlink 20480 1 nf_tables, Live 0x0\n"
	for text, want := range map[string]string{ // nf_tables, nfnetlink, nft_compat
		"":  "[false false false]",
		all: "[true true true]",
		"nfnetlink 20480 1 nf_tables, Live 0x0\n":                            "[false true false]",
		"ip6_tables 36864 0 - Live 0x0\nx_tables 1 2 ip6_tables, Live 0x0\n": "[false false false]",
		"nf_tables_x 1 0 - Live 0x0\nxnfnetlink 1 0 - Live\n":                "[false false false]",
	} {
		if got, err := contained(t, text, bufferSize, moduleLines[:]...); fmt.Sprint(got) != want || err != nil {
			t.Errorf("modules of %q: %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestKernelSockets(t *testing.T) {
	const none, route, netfilter = "[false false]", "[true false]", "[false true]"
	for line, want := range map[string]string{
		"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode": none,
		"00000000a2cf9c9b 12  0          00000000 0        0        0     2        0        1498":  netfilter,
		"00000000a2cf9c9b 12  4021       00000000 0        0        0     2        0        1498":  none,
		"00000000a2cf9c9b 15  0          00000000 0        0        0     2        0        1498":  none,
		"00000000a2cf9c9b 0   0          00000000 0        0        0     2        0        1498":  route,
		"00000000a2cf9c9b 0   12         00000000 0        0        0     2        0        1498":  none,
		"00000000a2cf9c9b 15  12         00000000 12       0        0     12       0        1498":  none,
		"12 0": none,
		"":     none,
	} {
		if got, err := contained(t, line+"\n", bufferSize, kernelSockets[:]...); fmt.Sprint(got) != want || err != nil {
			t.Errorf("sockets of %q: %v, %v, want %s", line, got, err, want)
		}
	}
	// This kernel's own table has the same columns.
	if got, err := contains(procNet+"netlink", make([]byte, bufferSize), kernelSockets[:]...); err != nil || !got[0] {
		t.Errorf("%snetlink: %v, %v", procNet, got, err)
	}
}

// A string is found even if it is divided between two reads.
func TestContains(t *testing.T) {
	for size := maxWanted + 2; size < 3*maxWanted; size++ {
		for before := range 2 * maxWanted {
			text := strings.Repeat("x", before) + "\nmangle\n" + strings.Repeat("y", before)
			got, err := contained(t, text, size, "\nmangle\n", "\nx", "y\n")
			if want := fmt.Sprint([]bool{true, before > 0, false}); fmt.Sprint(got) != want || err != nil {
				t.Fatalf("buffer of %d bytes, %d bytes before: %v, %v, want %s", size, before, got, err, want)
			}
		}
	}
	if got, err := contains(filepath.Join(t.TempDir(), "missing"), make([]byte, bufferSize), "x"); err == nil || got[0] {
		t.Errorf("a file that is missing: %v, %v", got, err)
	}
}

func FuzzProc(f *testing.F) {
	f.Add("nf_tables 323584 123 nft_compat, Live 0x0\nnfnetlink 20480 1 nf_tables, Live 0x0\n", 80)
	f.Add("00000000a2cf9c9b 12  0          00000000 0 0 0 2 0 1498\n", 60)
	f.Add("nat\nfilter\nmangle\n", 34)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size < maxWanted+2 || size > 4096 || len(text) > 1<<12 {
			return
		}
		wanted := append(append(moduleLines[:], kernelSockets[:]...), symbols[:]...)
		got, err := contained(t, text, size, wanted...)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range wanted {
			if want := bytes.Contains([]byte("\n"+text), []byte(s)); got[i] != want {
				t.Fatalf("%q in %q: %v, want %v", s, text, got[i], want)
			}
		}
	})
}

// The lines of /proc/kallsyms that matter. A file without netlink_unicast was not written by the kernel, or is incomplete.
func TestSymbols(t *testing.T) {
	const witnessed, builtIn, module = "[true false false]", "[false true false]", "[false false true]"
	for line, want := range map[string]string{
		"ffffffff81f63250 T nft_do_chain":              builtIn,
		"ffffffffc0a63250 T nft_do_chain\t[nf_tables]": module,
		"0000000000000000 T nft_do_chain":              builtIn,
		"ffffffff81f7e490 t nft_do_chain_arp":          "[false false false]",
		"ffffffff81f7e490 t xnft_do_chain":             "[false false false]",
		"ffffffff81f7e490 t x\t[nft_do_chain]":         "[false false false]",
		"ffffffff81effe50 T netlink_unicast":           witnessed,
		"ffffffff81effe50 T netlink_unicast_kernel":    "[false false false]",
		"": "[false false false]",
	} {
		got, err := contained(t, line+"\n", bufferSize, symbols[:]...)
		if fmt.Sprint(got) != want || err != nil {
			t.Errorf("%q: %v, %v, want %s", line, got, err, want)
		}
	}
}
