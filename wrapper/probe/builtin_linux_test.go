package probe

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// /proc/kallsyms, the type information in /sys and nf_tables itself must agree, if a question cannot load nf_tables. (For other
// kernels: tests/kernels.)
func TestBuiltIn(t *testing.T) {
	needs.Machine(t, "kernel_without_modules") // otherwise a question could load one
	needs.Machine(t, "root")
	var b mode.Backend
	s := newNFT(&b, make([]byte, bufferSize))
	defer s.close()
	if !s.noModules || s.loaded != mode.Present {
		t.Errorf("a kernel without modules: %+v", s)
	}
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

// nft_compat needs all attributes. It answers EINVAL to a request without one, as nfnetlink does if nft_compat is absent.
func TestCompatAnswers(t *testing.T) {
	needs.Machine(t, "kernel_without_modules")
	needs.Machine(t, "root")
	var b mode.Backend
	s := newNFT(&b, make([]byte, bufferSize))
	defer s.close()
	s.hints(false)
	if s.compat(); b.Compat != mode.Present || b.Err != nil {
		t.Errorf("nft_compat is %v, %v", b.Compat, b.Err)
	}
	without := request{typ: nftCompat, proto: unix.NFPROTO_IPV4, attributes: [4]string{1: "tcp"}}
	for name, tt := range map[string]struct {
		request request
		errno   unix.Errno
	}{"whole": {requestCompat, 0}, "without an attribute": {without, unix.EINVAL}} {
		err := s.exchange([]request{tt.request}, func(_ int, m message) (bool, error) {
			if got := m.errno(); m.Header.Type == unix.NLMSG_ERROR && got != tt.errno || m.Header.Type != unix.NLMSG_ERROR && tt.errno != 0 {
				t.Errorf("%s: type %d, %v", name, m.Header.Type, got)
			}
			return false, nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
