package probe

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// /proc/kallsyms, the type information in /sys and nf_tables itself agree, where asking cannot load it. (Other kernels:
// tests/kernels.)
func TestBuiltIn(t *testing.T) {
	needs.Machine(t, "kernel_without_modules") // else to ask could load one
	needs.Machine(t, "root")
	var b mode.Backend
	s := newNFT(&b, make([]byte, bufferSize))
	defer s.close()
	if !s.monolithic || s.loaded != mode.Present {
		t.Errorf("a kernel without modules: %+v", s)
	}
	s.open()
	s.hints(false)
	if b.Answers == mode.Unknown {
		t.Fatalf("nf_tables does not answer: %v", b.Err)
	}
	buf := make([]byte, bufferSize)
	if got := inKallsyms(buf); got != b.Answers {
		t.Errorf("by /proc/kallsyms nf_tables is %v, by its answer %v", got, b.Answers)
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err == nil && inSysfs(buf) != (b.Answers == mode.Present) {
		t.Errorf("by /sys nf_tables is there: %v, by its answer %v", inSysfs(buf), b.Answers)
	}
}

// nft_compat takes the whole question for one, and answers EINVAL to one without an attribute: so it does if it is absent.
func TestCompatAnswers(t *testing.T) {
	needs.Machine(t, "kernel_without_modules")
	needs.Machine(t, "root")
	var b mode.Backend
	s := newNFT(&b, make([]byte, bufferSize))
	defer s.close()
	s.open()
	s.hints(false)
	if s.compat(); b.Compat != mode.Present || b.Err != nil {
		t.Errorf("nft_compat is %v, %v", b.Compat, b.Err)
	}
	whole := appendCompat(nil, 1)
	without := appendRequest(nil, unix.NFNL_SUBSYS_NFT_COMPAT<<8, 0, 1, unix.NFPROTO_IPV4, attribute{1, "tcp\x00"})
	for name, tt := range map[string]struct {
		request []byte
		errno   unix.Errno
	}{"whole": {whole, 0}, "without an attribute": {without, unix.EINVAL}} {
		err := s.exchange(tt.request, 1, func(m message) (bool, error) {
			if got := m.errno(); m.typ == unix.NLMSG_ERROR && got != tt.errno || m.typ != unix.NLMSG_ERROR && tt.errno != 0 {
				t.Errorf("%s: type %d, %v", name, m.typ, got)
			}
			return false, nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The lines of /proc/kallsyms that say something. Without the witness a file is not the kernel's, or not all of it.
func TestSymbols(t *testing.T) {
	for line, want := range map[string]symbols{
		"ffffffff81f63250 T nft_do_chain":              {found: true},
		"ffffffffc0a63250 T nft_do_chain\t[nf_tables]": {found: true},
		"0000000000000000 T nft_do_chain":              {found: true},
		"ffffffff81f7e490 t nft_do_chain_arp":          {},
		"ffffffff81f7e490 t xnft_do_chain":             {},
		"ffffffff81f7e490 t x\t[nft_do_chain]":         {},
		"ffffffff81effe50 T netlink_unicast":           {witnessed: true},
		"ffffffff81effe50 T netlink_unicast_kernel":    {},
		"": {},
	} {
		var got symbols
		if more := got.note([]byte(line)); got != want || more == want.found {
			t.Errorf("%q: %+v, more %v", line, got, more)
		}
	}
}
