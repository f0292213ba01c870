package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/nftables"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/detect"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// snapshot returns everything that a probe could change in the kernel.
func (h *host) snapshot() string {
	h.t.Helper()
	var b strings.Builder
	for _, path := range []string{"/proc/thread-self/net/ip_tables_names", "/proc/thread-self/net/ip6_tables_names", "/proc/modules"} {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			h.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %v\n%s", path, err, text)
	}
	c, err := nftables.New()
	if err != nil {
		h.t.Fatal(err)
	}
	tables, err := c.ListTables()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, t := range tables {
		fmt.Fprintf(&b, "table %d %s\n", t.Family, t.Name)
	}
	chains, err := c.ListChains()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, ch := range chains {
		rules, err := c.GetRules(ch.Table, ch)
		if err != nil {
			h.t.Fatal(err)
		}
		fmt.Fprintf(&b, "chain %s %s: %d rules\n", ch.Table.Name, ch.Name, len(rules))
	}
	return b.String()
}

// TestNoSideEffects compares the kernel's state before and after a probe.
func TestNoSideEffects(t *testing.T) {
	for name, state := range map[string]func(*host){
		"empty":              func(*host) {},
		"legacy filter":      func(h *host) { h.run("/usr/sbin/iptables-legacy", "-S") },
		"legacy nat in IPv6": func(h *host) { h.run("/usr/sbin/ip6tables-legacy", "-t", "nat", "-S") },
		"nft mangle":         func(h *host) { h.run("/usr/sbin/iptables-nft", "-t", "mangle", "-N", "X") },
		"native":             func(h *host) { h.native(nftables.TableFamilyIPv4, "kube-proxy", "services", false) },
		"both hints": func(h *host) {
			h.restore("iptables-legacy", rules("mangle", hint, 0)...)
			h.restore("ip6tables-nft", rules("mangle", hint, 0)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			state(h)
			before := h.snapshot()
			h.detect()
			h.do(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--wait", "1ms"}})
			h.run("/usr/sbin/iptables", "-V")
			if after := h.snapshot(); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

// TestHostOnAThread calls package detect in a thread whose network namespace differs from that of the process.
func TestHostOnAThread(t *testing.T) {
	h := newHost(t)
	h.restore("iptables-legacy", rules("filter", "A", 3)...)
	got, err := detect.Host(t.Context())
	if want := (mode.Decision{Mode: mode.Legacy, Reason: mode.ReasonMoreRules}); err != nil || got.Decision != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
