package probe

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestProcLines(t *testing.T) {
	const all = "nft_compat 20480 2 - Live 0x0000000000000000\nnf_tables 323584 123 nft_compat, Live 0x0\nnfnetlink 20480 1 nf_tables, Live 0x0\n"
	for text, want := range map[string]modules{
		"":  {},
		all: {nfTables: true, nftCompat: true},
		"nfnetlink 20480 1 nf_tables, Live 0x0\n":                            {nfnetlink: true},
		"ip6_tables 36864 0 - Live 0x0\nx_tables 1 2 ip6_tables, Live 0x0\n": {},
		"nf_tables_x 1 0 - Live 0x0\nxnfnetlink 1 0 - Live":                  {},
	} {
		var got modules
		for line := range strings.Lines(text) {
			if !got.note([]byte(strings.TrimSuffix(line, "\n"))) {
				break
			}
		}
		if got != want {
			t.Errorf("modules of %q: %+v, want %+v", text, got, want)
		}
	}
	for line, want := range map[string]kernelSockets{
		"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode": {},
		"00000000a2cf9c9b 12  0          00000000 0        0        0     2        0        1498":  {netfilter: true},
		"00000000a2cf9c9b 12  4021       00000000 0        0        0     2        0        1498":  {},
		"00000000a2cf9c9b 15  0          00000000 0        0        0     2        0        1498":  {},
		"00000000a2cf9c9b 0   0          00000000 0        0        0     2        0        1498":  {route: true},
		"00000000a2cf9c9b 0   12         00000000 0        0        0     2        0        1498":  {},
		"12 0": {},
		"":     {},
	} {
		var got kernelSockets
		if got.note([]byte(line)); got != want {
			t.Errorf("sockets of %q: %+v", line, got)
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
			var k kernelSockets
			if k.note([]byte(line)); k.netfilter && !strings.Contains(line, "12") {
				t.Fatal("a socket out of nothing")
			}
		}
	})
}
