package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/google/nftables"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// look returns everything that a probe could change in the kernel. It changes nothing: it queries nf_tables only if it
// is loaded, because from Linux 7 on a query loads it.
func look() (plan.Kernel, error) {
	var k plan.Kernel
	modules, err := loadedModules()
	if err != nil {
		return k, err
	}
	k.Modules = strings.Join(modules, " ")
	for _, path := range []string{"ip_tables_names", "ip6_tables_names"} {
		text, err := os.ReadFile("/proc/thread-self/net/" + path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			k.Names += path + " is missing. "
		case err != nil:
			return k, err
		default:
			k.Names += path + ": " + strings.Join(strings.Fields(string(text)), " ") + ". "
		}
	}
	if !slices.Contains(modules, "nf_tables") {
		return k, nil
	}
	k.Ruleset, err = ruleset()
	return k, err
}

// ruleset returns all tables, chains and rules, one per line.
func ruleset() (string, error) {
	c, err := nftables.New()
	if err != nil {
		return "", err
	}
	tables, err := c.ListTables()
	if err != nil {
		return "", fmt.Errorf("list tables: %w", err)
	}
	var b strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&b, "table %d %s flags %d\n", t.Family, t.Name, t.Flags)
	}
	chains, err := c.ListChains()
	if err != nil {
		return "", fmt.Errorf("list chains: %w", err)
	}
	for _, ch := range chains {
		fmt.Fprintf(&b, "chain %d %s %s", ch.Table.Family, ch.Table.Name, ch.Name)
		if ch.Policy != nil {
			fmt.Fprintf(&b, " policy %d", *ch.Policy)
		}
		b.WriteByte('\n')
		rules, err := c.GetRules(ch.Table, ch)
		if err != nil {
			return "", fmt.Errorf("list rules: %w", err)
		}
		for _, r := range rules {
			fmt.Fprintf(&b, "rule %d %s\n", r.Handle, ch.Name)
		}
	}
	return b.String(), nil
}
