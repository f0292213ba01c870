package scenarios

import (
	"strings"
	"testing"

	"github.com/google/nftables"
)

// chain is a chain that iptables did not create. The zero type is that of a chain without a hook.
type chain struct {
	table, name string
	kind        nftables.ChainType
	hook        *nftables.ChainHook
	priority    nftables.ChainPriority
	rules       int
}

// create creates chains in family ip or ip6, as nft does.
func (h *host) create(family nftables.TableFamily, chains ...chain) {
	h.t.Helper()
	c, err := nftables.New()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, ch := range chains {
		nc := &nftables.Chain{Table: c.AddTable(&nftables.Table{Family: family, Name: ch.table}), Name: ch.name}
		if ch.kind != "" {
			nc.Type, nc.Hooknum, nc.Priority = ch.kind, ch.hook, &ch.priority
		}
		c.AddChain(nc)
		for range ch.rules {
			c.AddRule(&nftables.Rule{Table: nc.Table, Chain: nc})
		}
	}
	if err := c.Flush(); err != nil {
		h.t.Fatal(err)
	}
}

// TestPartialRulesets checks the rule count of nft in rulesets that iptables-nft created only in part, or not at all.
func TestPartialRulesets(t *testing.T) {
	const filter = nftables.ChainTypeFilter
	forward, input := nftables.ChainHookForward, nftables.ChainHookInput
	tests := map[string]struct {
		state  func(*host)
		count  uint64
		broken string // a table and a chain that iptables-nft cannot use
	}{
		"another priority": {func(h *host) {
			h.create(nftables.TableFamilyIPv4, chain{"filter", "INPUT", filter, input, 10, 3}, chain{"filter", "user", "", nil, 0, 2})
		}, 0, "filter INPUT"},
		"another hook": {func(h *host) {
			h.create(nftables.TableFamilyIPv4, chain{"filter", "INPUT", filter, forward, 0, 3})
		}, 0, "filter INPUT"},
		"another type": {func(h *host) {
			h.create(nftables.TableFamilyIPv4, chain{"mangle", "OUTPUT", filter, nftables.ChainHookOutput, -150, 3})
		}, 0, "mangle OUTPUT"},
		"another priority beside iptables' own chain": {func(h *host) {
			h.restore("iptables-nft", rules("filter", "A", 2)...)
			h.run("/usr/sbin/iptables-nft", "-A", "INPUT", "-j", "ACCEPT")
			h.create(nftables.TableFamilyIPv6, chain{"filter", "INPUT", filter, input, 0, 1}, chain{"filter", "FORWARD", filter, forward, -1, 3})
		}, 4, ""},
		"lower-case chains, written manually": {func(h *host) {
			h.create(nftables.TableFamilyIPv4, chain{"filter", "input", filter, input, 0, 3}, chain{"filter", "user", "", nil, 0, 5},
				chain{"nat", "postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, 100, 2})
		}, 0, ""},
		"Tailscale's ts-clamp beside iptables' chains": {func(h *host) {
			h.restore("iptables-nft", "*mangle", ":FORWARD ACCEPT [0:0]", ":ts-forward - [0:0]", "-A FORWARD -j ts-forward",
				"-A FORWARD -j ts-forward", "-A ts-forward -s 192.0.2.1 -j ACCEPT", "COMMIT")
			h.create(nftables.TableFamilyIPv4, chain{"mangle", "ts-clamp", filter, forward, -150, 4})
		}, 4, ""},
		"iptables-nft -N X alone": {func(h *host) {
			h.run("/usr/sbin/iptables-nft", "-N", "X")
		}, 1, ""},
		"a table without a base chain": {func(h *host) {
			h.create(nftables.TableFamilyIPv6, chain{"raw", "X", "", nil, 0, 2})
		}, 3, ""},
		"a table with an owner": {func(h *host) {
			h.own(nftables.TableFamilyIPv4, "filter")
		}, 0, ""},
		"every base chain of iptables-nft": {func(h *host) {
			for _, command := range []string{"iptables", "ip6tables"} {
				for table, chain := range map[string]string{"filter": "FORWARD", "nat": "POSTROUTING", "mangle": "OUTPUT", "raw": "PREROUTING", "security": "INPUT"} {
					h.run("/usr/sbin/"+command+"-nft", "-t", table, "-A", chain, "-j", "RETURN")
				}
				h.run("/usr/sbin/"+command+"-nft", "-t", "nat", "-A", "PREROUTING", "-j", "RETURN")
			}
		}, 12, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			tt.state(h)
			count := h.report().Evidence.NFT.Rules
			if count.Most == nil || count.Least != tt.count || *count.Most != tt.count {
				t.Errorf("detect: rule count %+v, want %d", count, tt.count)
			}
			if table, chain, is := strings.Cut(tt.broken, " "); is {
				if r := h.do(call{argv: []string{"/usr/sbin/iptables-nft", "-t", table, "-A", chain, "-j", "ACCEPT"}}); r.status == 0 {
					t.Error("iptables-nft can use the table, so its content should count")
				}
			}
			// With one rule more in legacy than the rule count of nft, a call decides for legacy; with an equal number,
			// for nft.
			for extra, mode := range map[int]string{1: "legacy", 0: "nft"} {
				h.run("/usr/sbin/iptables-legacy", "-F")
				for range int(tt.count) + extra {
					h.run("/usr/sbin/iptables-legacy", "-A", "INPUT", "-j", "ACCEPT")
				}
				if got := h.version("iptables"); got != mode {
					t.Errorf("%d rules in legacy: called %s, want %s", int(tt.count)+extra, got, mode)
				}
			}
		})
	}
}

// TestKubeletChainInAnyTable checks that the kubelet chain is found also in a table whose rules do not count.
func TestKubeletChainInAnyTable(t *testing.T) {
	h := newHost(t)
	h.create(nftables.TableFamilyIPv4, chain{"mangle", "INPUT", nftables.ChainTypeFilter, nftables.ChainHookInput, 10, 3}, chain{table: "mangle", name: hint})
	h.restore("iptables-legacy", rules("filter", "A", 3)...)
	if got, want := h.detect(), (decision{"nft", "kubelet-chain", true}); got != want {
		t.Errorf("detect: got %+v, want %+v", got, want)
	}
}
