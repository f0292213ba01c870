package scenarios

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/nftables"
)

// decision is what "iptables-wrapper detect --output json" says, as far as it is compared.
type decision struct {
	Mode   string `json:"mode"`
	Reason string `json:"reason"`
	Pin    bool   `json:"pin"`
}

func (h *host) detect(env ...string) decision {
	h.t.Helper()
	out := h.must(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--output", "json"}, env: env})
	var d decision
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		h.t.Fatalf("detect: %v: %s", err, out)
	}
	return d
}

// rules returns the text of a table with n rules in a chain.
func rules(table, chain string, n int) []string {
	lines := []string{"*" + table, ":" + chain + " - [0:0]"}
	for range n {
		lines = append(lines, "-A "+chain+" -s 192.0.2.1 -j ACCEPT")
	}
	return append(lines, "COMMIT")
}

func rules6(table, chain string, n int) []string {
	lines := []string{"*" + table, ":" + chain + " - [0:0]"}
	for range n {
		lines = append(lines, "-A "+chain+" -s 2001:db8::1 -j ACCEPT")
	}
	return append(lines, "COMMIT")
}

// native adds a table, and a chain to it, that iptables did not make.
func (h *host) native(family nftables.TableFamily, table, chain string, base bool) {
	h.t.Helper()
	c, err := nftables.New()
	if err != nil {
		h.t.Fatal(err)
	}
	nc := &nftables.Chain{Table: c.AddTable(&nftables.Table{Family: family, Name: table}), Name: chain}
	if base {
		nc.Type, nc.Hooknum, nc.Priority = nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter
	}
	c.AddChain(nc)
	for range 3 {
		c.AddRule(&nftables.Rule{Table: nc.Table, Chain: nc})
	}
	if err := c.Flush(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) remove(names ...string) {
	h.t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(h.root, "usr/sbin", name)); err != nil {
			h.t.Fatal(err)
		}
	}
}

const (
	hint   = "KUBE-IPTABLES-HINT"
	canary = "KUBE-KUBELET-CANARY"
)

// scenarios are the rows of the decision table, and what must not be taken for one.
func scenarios() []scenario {
	tests := []scenario{
		{"empty host", func(*host) {}, decision{"nft", "default", false}},

		{"legacy has more rules", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 3)...)
			h.restore("iptables-nft", rules("filter", "A", 2)...)
		}, decision{"legacy", "more-rules", true}},
		{"legacy has more rules in IPv6", func(h *host) {
			h.restore("ip6tables-legacy", rules6("raw", "A", 3)...)
			h.restore("iptables-nft", rules("filter", "A", 2)...)
		}, decision{"legacy", "more-rules", true}},
		{"nft has rules", func(h *host) {
			h.restore("iptables-nft", rules("security", "A", 1)...)
		}, decision{"nft", "more-rules", true}},
		{"nft has rules in IPv6", func(h *host) {
			h.restore("ip6tables-nft", rules6("nat", "A", 1)...)
		}, decision{"nft", "more-rules", true}},
		{"nft has more rules", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 2)...)
			h.restore("iptables-nft", rules("filter", "A", 3)...)
		}, decision{"nft", "more-rules", true}},
		{"equally many", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 3)...)
			h.restore("iptables-nft", rules("filter", "A", 3)...)
		}, decision{"nft", "more-rules", true}},
		{"legacy has a table too large to read for its count", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 3000)...)
			h.restore("iptables-nft", rules("filter", "A", 2000)...)
		}, decision{"legacy", "more-rules", true}},
		{"legacy rules beside many in a native table", func(h *host) {
			h.native(nftables.TableFamilyIPv4, "kube-proxy", "services", false)
			h.native(nftables.TableFamilyINet, "filter", "input", true)
			h.restore("iptables-legacy", rules("filter", "A", 1)...)
		}, decision{"legacy", "more-rules", true}},

		{"empty legacy chains are no rules", func(h *host) {
			h.restore("iptables-legacy", "*filter", ":A - [0:0]", ":B - [0:0]", "COMMIT")
		}, decision{"nft", "default", false}},
		{"empty tables are no rules", func(h *host) {
			h.run("/usr/sbin/iptables-legacy", "-t", "mangle", "-S")
			h.run("/usr/sbin/iptables-legacy", "-S")
			h.restore("iptables-nft", "*filter", ":INPUT ACCEPT [0:0]", "COMMIT")
		}, decision{"nft", "default", false}},
		{"native tables are no evidence", func(h *host) {
			h.native(nftables.TableFamilyIPv4, "kube-proxy", "services", false)
			h.native(nftables.TableFamilyINet, "filter", "input", true)
			h.native(nftables.TableFamilyBridge, "mangle", "x", false)
		}, decision{"nft", "default", false}},
	}
	for _, command := range []string{"iptables", "ip6tables"} {
		for _, chain := range []string{hint, canary} {
			tests = append(tests,
				scenario{chain + " of " + command + " in nft", func(h *host) {
					h.restore(command+"-nft", rules("mangle", chain, 0)...)
					h.restore("iptables-legacy", rules("filter", "JUNK", 50)...)
				}, decision{"nft", "kubelet-chain", true}},
				scenario{chain + " of " + command + " in legacy", func(h *host) {
					h.restore(command+"-legacy", rules("mangle", chain, 0)...)
					h.restore("iptables-nft", rules("filter", "JUNK", 50)...)
				}, decision{"legacy", "kubelet-chain", true}},
				scenario{chain + " of " + command + " in both", func(h *host) {
					h.restore(command+"-legacy", rules("mangle", chain, 0)...)
					h.restore(command+"-nft", rules("mangle", chain, 0)...)
				}, decision{"nft", "kubelet-chain", true}},
			)
		}
		tests = append(tests,
			scenario{"look-alike chains of " + command + " in nft", func(h *host) {
				for _, chain := range []string{hint + "X", "X" + hint, "KUBE-IPTABLES-HIN", "KUBE-PROXY-CANARY", "kube-iptables-hint"} {
					h.restore(command+"-nft", append([]string{}, rules("mangle", chain, 0)...)...)
				}
				h.restore(command+"-legacy", rules("mangle", canary, 0)...)
			}, decision{"legacy", "kubelet-chain", true}},
			scenario{"look-alike chains of " + command + " in legacy", func(h *host) {
				for _, chain := range []string{hint + "X", "X" + hint, "KUBE-IPTABLES-HIN", "KUBE-PROXY-CANARY", "ERROR2"} {
					h.restore(command+"-legacy", "*mangle", ":"+chain+" - [0:0]", "COMMIT")
				}
			}, decision{"nft", "default", false}},
			scenario{"hint chains of " + command + " in other tables", func(h *host) {
				for _, table := range []string{"filter", "nat", "raw", "security"} {
					h.restore(command+"-legacy", rules(table, hint, 0)...)
					h.restore(command+"-nft", rules(table, canary, 0)...)
				}
			}, decision{"nft", "default", false}},
		)
	}
	return append(tests,
		scenario{"hint chains in other families", func(h *host) {
			h.native(nftables.TableFamilyINet, "mangle", hint, false)
			h.native(nftables.TableFamilyBridge, "mangle", canary, false)
			h.native(nftables.TableFamilyARP, "mangle", hint, false)
		}, decision{"nft", "default", false}},
		scenario{"a native table named mangle in the way of a legacy hint", func(h *host) {
			h.restore("iptables-legacy", rules("mangle", hint, 0)...)
			h.native(nftables.TableFamilyIPv4, "mangle", "input", true)
		}, decision{"legacy", "kubelet-chain", true}},
		scenario{"a native base chain beside the nft hint", func(h *host) {
			h.restore("iptables-nft", rules("mangle", hint, 0)...)
			h.native(nftables.TableFamilyIPv4, "mangle", "input", true)
			h.restore("iptables-legacy", rules("filter", "JUNK", 50)...)
		}, decision{"nft", "kubelet-chain", true}},
	)
}

type scenario struct {
	name  string
	state func(*host)
	want  decision
}

// TestDecision puts the host in a state, then calls an applet for the first and the second time.
func TestDecision(t *testing.T) {
	for _, tt := range scenarios() {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t)
			tt.state(h)
			if got := h.detect(); got != tt.want {
				t.Errorf("detect: got %+v, want %+v", got, tt.want)
			}
			if h.pinned("iptables") {
				t.Error("detect pinned")
			}
			for range 2 {
				if got := h.version("ip6tables"); got != tt.want.Mode {
					t.Errorf("called: got %s, want %s", got, tt.want.Mode)
				}
				for _, applet := range applets() {
					if got := h.pinned(applet); got != tt.want.Pin {
						t.Errorf("%s: pinned is %v, want %v", applet, got, tt.want.Pin)
					}
				}
			}
			for _, applet := range applets() {
				if got := h.version(applet); got != tt.want.Mode {
					t.Errorf("%s: got %s, want %s", applet, got, tt.want.Mode)
				}
			}
		})
	}
}

func applets() []string {
	return []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}
}

// TestOverride sets the mode by the environment, against a hint in the other.
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

// expectRefusal checks that nothing was run, and that this was said in one line.
func (h *host) expectRefusal(r result, status int, line string) {
	h.t.Helper()
	if r.status.ExitStatus() != status || r.stdout != "" || r.stderr != line {
		h.t.Errorf("status %d, output %q, error %q; want status %d, error %q", r.status.ExitStatus(), r.stdout, r.stderr, status, line)
	}
}

// TestOnlyInstalled takes one mode's binaries away after installation.
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
			"iptables-legacy, neither beside iptables-wrapper nor in /usr/sbin, /sbin or /usr/bin\n")
	})
}

// TestUpstream is what upstream's container test does: a hint in one mode, junk rules in the other, then iptables -L.
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
