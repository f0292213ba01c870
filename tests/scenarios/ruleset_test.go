package scenarios

import (
	"os"
	"path/filepath"

	"github.com/google/nftables"
)

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

// jumps returns the text of a table with n rules that all jump to one chain.
func jumps(n int) []string {
	lines := []string{"*filter", ":A - [0:0]"}
	for range n {
		lines = append(lines, "-A INPUT -s 192.0.2.1 -j A")
	}
	return append(lines, "COMMIT")
}

// native adds a table with a chain that iptables did not create.
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
