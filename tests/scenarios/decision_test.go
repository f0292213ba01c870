package scenarios

import (
	"encoding/json"
	"testing"

	"github.com/google/nftables"
)

// decision contains the compared fields of the output of "iptables-wrapper detect --output json".
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

const (
	hint   = "KUBE-IPTABLES-HINT"
	canary = "KUBE-KUBELET-CANARY"
)

// scenarios returns the rows of the decision table, and states that look similar to a row.
func scenarios() []scenario {
	tests := []scenario{
		{"empty host", func(*host) {}, decision{"nft", "default", false}},

		{"legacy has more rules", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 3)...)
			h.restore("iptables-nft", rules("filter", "A", 2)...)
		}, decision{"legacy", "more-rules", false}},
		{"legacy has more rules in IPv6", func(h *host) {
			h.restore("ip6tables-legacy", rules6("raw", "A", 3)...)
			h.restore("iptables-nft", rules("filter", "A", 2)...)
		}, decision{"legacy", "more-rules", false}},
		{"nft has rules", func(h *host) {
			h.restore("iptables-nft", rules("security", "A", 1)...)
		}, decision{"nft", "more-rules", false}},
		{"nft has rules in IPv6", func(h *host) {
			h.restore("ip6tables-nft", rules6("nat", "A", 1)...)
		}, decision{"nft", "more-rules", false}},
		{"nft has more rules", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 2)...)
			h.restore("iptables-nft", rules("filter", "A", 3)...)
		}, decision{"nft", "more-rules", false}},
		{"equally many", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 3)...)
			h.restore("iptables-nft", rules("filter", "A", 3)...)
		}, decision{"nft", "more-rules", false}},
		{"legacy has many more", func(h *host) {
			h.restore("iptables-legacy", rules("filter", "A", 3000)...)
			h.restore("iptables-nft", rules("filter", "A", 2000)...)
		}, decision{"legacy", "more-rules", false}},
		{"legacy rules beside many in a native table", func(h *host) {
			h.native(nftables.TableFamilyIPv4, "kube-proxy", "services", false)
			h.native(nftables.TableFamilyINet, "filter", "input", true)
			h.restore("iptables-legacy", rules("filter", "A", 1)...)
		}, decision{"legacy", "more-rules", false}},

		{"an empty chain counts", func(h *host) {
			h.restore("iptables-legacy", "*filter", ":A - [0:0]", "COMMIT")
		}, decision{"legacy", "more-rules", false}},
		{"two empty chains against one rule in a third", func(h *host) {
			h.restore("iptables-legacy", "*filter", ":A - [0:0]", ":B - [0:0]", "COMMIT")
			h.restore("iptables-nft", rules("filter", "A", 1)...)
		}, decision{"nft", "more-rules", false}},
		{"a policy counts in legacy", func(h *host) {
			h.run("/usr/sbin/iptables-legacy", "-P", "FORWARD", "DROP")
		}, decision{"legacy", "more-rules", false}},
		{"a policy counts in legacy in IPv6", func(h *host) {
			h.run("/usr/sbin/ip6tables-legacy", "-P", "FORWARD", "DROP")
		}, decision{"legacy", "more-rules", false}},
		{"a policy counts in nft", func(h *host) {
			h.run("/usr/sbin/iptables-nft", "-P", "FORWARD", "DROP")
		}, decision{"nft", "more-rules", false}},
		{"two policies in legacy against one rule in nft", func(h *host) {
			h.run("/usr/sbin/iptables-legacy", "-P", "FORWARD", "DROP")
			h.run("/usr/sbin/ip6tables-legacy", "-P", "FORWARD", "DROP")
			h.run("/usr/sbin/iptables-nft", "-A", "INPUT", "-j", "ACCEPT")
		}, decision{"legacy", "more-rules", false}},
		{"rules that jump count once", func(h *host) {
			h.restore("iptables-nft", jumps(60)...)
			h.restore("iptables-legacy", rules("filter", "A", 100)...)
		}, decision{"legacy", "more-rules", false}},
		{"rules that jump count once in legacy", func(h *host) {
			h.restore("iptables-legacy", jumps(60)...)
			h.restore("iptables-nft", rules("filter", "A", 100)...)
		}, decision{"nft", "more-rules", false}},
		{"empty tables count nothing", func(h *host) {
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
				for _, chain := range []string{hint + "X", "X" + hint, "KUBE-IPTABLES-HIN", "KUBE-PROXY-CANARYX", "kube-iptables-hint"} {
					h.restore(command+"-nft", append([]string{}, rules("mangle", chain, 0)...)...)
				}
				h.restore(command+"-legacy", rules("mangle", canary, 0)...)
			}, decision{"legacy", "kubelet-chain", true}},
			scenario{"look-alike chains of " + command + " in legacy", func(h *host) {
				for _, chain := range []string{hint + "X", "X" + hint, "KUBE-IPTABLES-HIN", "KUBE-PROXY-CANARYX", "ERROR2"} {
					h.restore(command+"-legacy", "*mangle", ":"+chain+" - [0:0]", "COMMIT")
				}
			}, decision{"legacy", "more-rules", false}}, // counted, but no hint
			scenario{"hint chains of " + command + " in other tables", func(h *host) {
				for _, table := range []string{"filter", "nat", "raw", "security"} {
					h.restore(command+"-legacy", rules(table, hint, 0)...)
					h.restore(command+"-nft", rules(table, canary, 0)...)
				}
			}, decision{"nft", "more-rules", false}}, // equal counts, and no hint
		)
	}
	for _, mode := range []string{"nft", "legacy"} {
		other := map[string]string{"nft": "legacy", "legacy": "nft"}[mode]
		tests = append(tests,
			scenario{"kube-proxy in " + mode, func(h *host) {
				h.restore("ip6tables-"+mode, rules6("mangle", "KUBE-PROXY-CANARY", 0)...)
				h.restore("iptables-"+mode, rules("nat", "KUBE-SERVICES", 3)...)
				h.restore("iptables-"+other, rules("filter", "DOCKER", 15)...)
			}, decision{mode, "kube-proxy-chain", false}},
			scenario{"kube-proxy in both, more rules in " + mode, func(h *host) {
				h.restore("iptables-"+mode, rules("mangle", "KUBE-PROXY-CANARY", 3)...)
				h.restore("iptables-"+other, rules("mangle", "KUBE-PROXY-CANARY", 2)...)
			}, decision{mode, "more-rules", false}},
			scenario{"kube-proxy in " + mode + ", kubelet in the other", func(h *host) {
				h.restore("iptables-"+mode, rules("mangle", "KUBE-PROXY-CANARY", 3)...)
				h.restore("iptables-"+other, rules("mangle", canary, 0)...)
			}, decision{other, "kubelet-chain", true}},
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
