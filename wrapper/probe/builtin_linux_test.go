package probe

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// What /proc/kallsyms says is what nf_tables itself says, where asking cannot load it. (Other kernels: tests/kernels.)
func TestBuiltIn(t *testing.T) {
	needs.Machine(t, "kernel_without_modules") // else to ask could load one
	var b mode.Backend
	s := newNFT(&b, make([]byte, bufferSize))
	defer s.close()
	s.open()
	s.hints(false)
	if got := builtIn(make([]byte, 4096)); b.Answers != mode.Unknown && got != b.Answers {
		t.Errorf("by /proc/kallsyms nf_tables is %v, by its answer %v", got, b.Answers)
	}
}
