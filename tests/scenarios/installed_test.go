package scenarios

import (
	"debug/elf"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOverride sets the override to one mode on a host with a kubelet chain in the other.
func TestOverride(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			other := map[string]string{"nft": "legacy", "legacy": "nft"}[mode]
			h.restore("iptables-"+other, rules("mangle", hint, 0)...)
			env := []string{"IPTABLES_WRAPPER_MODE=" + mode}
			if got, want := h.detect(env...), (decision{mode, "override", false}); got != want {
				t.Errorf("detect: got %+v, want %+v", got, want)
			}
			out := h.must(call{argv: []string{"/usr/sbin/iptables", "-V"}, env: env})
			if want := map[string]string{"nft": "(nf_tables)", "legacy": "(legacy)"}[mode]; !strings.Contains(out, want) {
				t.Errorf("got %q, want %s", out, want)
			}
			if h.pinned("iptables") {
				t.Error("an override was pinned")
			}
		})
	}
	t.Run("nonsense", func(t *testing.T) {
		h := newHost(t)
		r := h.do(call{argv: []string{"/usr/sbin/iptables", "-N", "X"}, env: []string{"IPTABLES_WRAPPER_MODE=nf_tables"}})
		h.expectRefusal(r, 2, "iptables-wrapper: IPTABLES_WRAPPER_MODE=nf_tables: not nft or legacy: correct or unset it\n")
		if r := h.do(call{argv: []string{"/usr/sbin/iptables-nft", "-S", "X"}}); r.status.ExitStatus() != 1 {
			t.Error("the command was run")
		}
	})
}

// expectRefusal checks that the call executed no binary and printed only this line.
func (h *host) expectRefusal(r result, status int, line string) {
	h.t.Helper()
	if r.status.ExitStatus() != status || r.stdout != "" || r.stderr != line {
		h.t.Errorf("status %d, output %q, error %q; want status %d, error %q", r.status.ExitStatus(), r.stdout, r.stderr, status, line)
	}
}

// TestOnlyInstalled removes one mode's binaries after the installation.
func TestOnlyInstalled(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			other := map[string]string{"nft": "legacy", "legacy": "nft"}[mode]
			h.restore("iptables-"+other, rules("mangle", hint, 0)...)
			h.remove("xtables-"+other+"-multi", "iptables-"+other)
			if got, want := h.detect(), (decision{mode, "only-installed", false}); got != want {
				t.Errorf("detect: got %+v, want %+v", got, want)
			}
			if got := h.version("iptables"); got != mode {
				t.Errorf("called: got %s, want %s", got, mode)
			}
			if h.pinned("iptables") {
				t.Error("the only mode was pinned")
			}
			r := h.do(call{argv: []string{"/usr/sbin/iptables", "-S"}, env: []string{"IPTABLES_WRAPPER_MODE=" + other}})
			h.expectRefusal(r, 1, "iptables-wrapper: IPTABLES_WRAPPER_MODE="+other+": that mode is not installed, only "+mode+" is: unset the variable, or install that mode in this image\n")
		})
	}
	t.Run("none", func(t *testing.T) {
		h := newHost(t)
		h.remove("xtables-nft-multi", "iptables-nft", "xtables-legacy-multi", "iptables-legacy")
		r := h.do(call{argv: []string{"/usr/sbin/iptables", "-S"}})
		h.expectRefusal(r, 1, "iptables-wrapper: iptables: no xtables-nft-multi, xtables-legacy-multi, iptables-nft or "+
			"iptables-legacy beside iptables-wrapper or in /usr/sbin, /sbin, /usr/bin, /usr/local/sbin, /usr/local/bin, /bin\n")
	})
}

// TestWithoutInterpreter removes the dynamic linker of the mode's binary after the installation. execve(2) then fails
// with ENOENT, although the binary exists.
func TestWithoutInterpreter(t *testing.T) {
	h := newHost(t)
	program, err := elf.Open(h.root + "/usr/sbin/xtables-nft-multi")
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	name, err := io.ReadAll(program.Section(".interp").Open())
	if err != nil {
		t.Fatal(err)
	}
	interpreter := strings.TrimRight(string(name), "\x00")
	place, err := filepath.EvalSymlinks(h.root + interpreter)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	r := h.do(call{argv: []string{"/usr/sbin/iptables", "-S"}})
	h.expectRefusal(r, 1, "iptables-wrapper: /usr/sbin/xtables-nft-multi: its ELF interpreter "+interpreter+
		" is missing: copy it and the libraries of iptables into this image\n")
}

// TestUpstream does what upstream's container test does: it creates a kubelet chain in one mode and other rules in the
// other mode, and runs iptables -L.
func TestUpstream(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			other := map[string]string{"nft": "legacy", "legacy": "nft"}[mode]
			h.run("/usr/sbin/iptables-"+mode, "-t", "mangle", "-N", hint)
			for i := range 16 {
				h.run("/usr/sbin/iptables-"+other, "-t", "filter", "-A", "INPUT", "-s", net.IPv4(192, 0, 2, byte(i)).String(), "-j", "DROP")
			}
			h.run("/usr/sbin/iptables", "-L")
			if got := h.version("iptables"); got != mode || !h.pinned("iptables") {
				t.Errorf("got %s, pinned %v, want %s, pinned", got, h.pinned("iptables"), mode)
			}
		})
	}
}
