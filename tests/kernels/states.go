package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// state describes a host's firewall before the container starts.
type state struct {
	name  string
	uses  string // the backends that it needs: "nft", "legacy", "both" or ""
	steps []plan.Step
}

// states returns all states. The host's own iptables creates each, as kubelet and users do.
func states() []state {
	const (
		hint   = "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n"
		canary = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n"
		two    = "*filter\n-A INPUT -s 192.0.2.1 -j DROP\n-A INPUT -s 192.0.2.2 -j DROP\nCOMMIT\n"
		three  = "*filter\n-A INPUT -s 192.0.2.1 -j DROP\n-A INPUT -s 192.0.2.2 -j DROP\n-A FORWARD -j ACCEPT\nCOMMIT\n"
		policy = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
		proxy  = "*mangle\n:KUBE-PROXY-CANARY - [0:0]\nCOMMIT\n"
		jumps  = "*filter\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A FORWARD -j A\n-A OUTPUT -g B\n-A A -j B\n-A B -j RETURN\nCOMMIT\n"
		tables = "*mangle\n:INPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
	)
	restore := func(mode, applet, text string) plan.Step {
		return plan.Step{Mode: mode, Argv: []string{applet + "-restore"}, Stdin: text}
	}
	all := []state{{name: "empty"}}
	for _, mode := range []string{"nft", "legacy"} {
		one := func(what, applet, text string) state {
			return state{what + ", " + mode, mode, []plan.Step{restore(mode, applet, text)}}
		}
		all = append(all,
			one("hint v4", "iptables", hint),
			one("hint v6", "ip6tables", hint),
			one("canary v4", "iptables", canary),
			one("canary v6", "ip6tables", canary),
			one("kube-proxy chain", "iptables", proxy),
			one("rules only", "iptables", two),
			one("jumps", "iptables", jumps),
			one("policy only", "iptables", policy),
			one("loaded but empty", "iptables", tables),
		)
	}
	return append(all,
		state{"both, legacy more", "both", []plan.Step{restore("nft", "iptables", two), restore("legacy", "iptables", three)}},
		state{"both, nft more", "both", []plan.Step{restore("legacy", "iptables", two), restore("nft", "iptables", three)}},
		// Rules with matches, each with a different address.
		state{"hint nft, 300 in legacy", "both", []plan.Step{restore("legacy", "iptables", many(300)), restore("nft", "iptables", hint)}},
	)
}

// many returns the text of table filter for iptables-restore, with rules that have two matches.
func many(rules int) string {
	var b strings.Builder
	b.WriteString("*filter\n")
	for i := range rules {
		fmt.Fprintf(&b, "-A FORWARD -s 198.18.%d.%d/32 -p tcp -m multiport --dports 80,443 -m comment --comment \"rule %d\" -j ACCEPT\n", i/256, i%256, i)
	}
	b.WriteString("COMMIT\n")
	return b.String()
}

// moduleSet describes the netfilter modules of a guest.
type moduleSet struct {
	name        string
	nft, legacy bool     // whether the modules exist
	loaded      bool     // whether they are loaded at the beginning
	common      bool     // whether this is tested on every architecture
	missing     string   // one module of a backend that does not exist, although the others do
	unlisted    []string // prefixes of modules that are missing in the container's /proc/modules, as if they were built in
}

var (
	nftModules    = []string{"nf_tables", "nft_"}
	legacyModules = []string{"ip_tables", "ip6_tables", "arp_tables", "iptable_", "ip6table_", "arptable_"}
)

func moduleSets() []moduleSet {
	return []moduleSet{
		{name: "both loaded", nft: true, legacy: true, loaded: true, common: true},
		{name: "nft only", nft: true, loaded: true},
		{name: "legacy only", legacy: true, loaded: true},
		{name: "none"},
		{name: "not loaded", nft: true, legacy: true},
		// If nf_tables is built in, nfnetlink is, too: NF_TABLES selects NETFILTER_NETLINK.
		{name: "nft built in", nft: true, legacy: true, loaded: true, unlisted: append([]string{"nfnetlink"}, nftModules...)},
		{name: "legacy built in", nft: true, legacy: true, loaded: true, unlisted: legacyModules},
		{name: "no nft_compat", nft: true, legacy: true, loaded: true, missing: "nft_compat"},
	}
}

// can returns true if a host with these modules can be in a state.
func (m moduleSet) can(s state) bool {
	switch s.uses {
	case "nft":
		return m.nft
	case "legacy":
		return m.legacy
	case "both":
		return m.nft && m.legacy
	}
	return true
}

// load returns the modules to load first.
func (m moduleSet) load() []string {
	if !m.loaded {
		return nil
	}
	var names []string
	if m.nft {
		names = append(names, "nf_tables")
		if m.missing != "nft_compat" {
			names = append(names, "nft_compat")
		}
	}
	if m.legacy {
		names = append(names, "iptable_filter", "iptable_mangle", "ip6table_filter", "ip6table_mangle")
	}
	return names
}

func privileges() []plan.Privilege {
	return []plan.Privilege{plan.Admin, plan.NoAdmin, plan.User, plan.UserNamespace, plan.Ambient}
}

// key identifies a cell (one host with one container) within one boot.
type key struct {
	state        string
	privilege    plan.Privilege
	readOnly     bool
	otherNetwork bool
	handOver     bool
}

// handOver is the name of the cell that checks the process attributes that the binary inherits.
const handOver = "hand-over"

// cells returns the cells of one guest in the wanted states: all cells if full, otherwise only those of a common host.
// The output of the binaries depends on the state, the privilege and the network namespace, but not on the root. So the
// binaries are called directly only in the cell with the writable root.
func (m moduleSet) cells(full bool, wanted func(state string) bool) ([]plan.Cell, []key) {
	var cells []plan.Cell
	var keys []key
	add := func(s state, k key, direct bool) {
		c := plan.Cell{
			State: s.name, Setup: s.steps, Privilege: k.privilege, ReadOnly: k.readOnly, OtherNetwork: k.otherNetwork, Unlisted: m.unlisted,
		}
		if direct {
			c.Direct = m.rightModes(k)
		}
		cells = append(cells, c)
		keys = append(keys, k)
	}
	for i, s := range states() {
		if !m.can(s) || !wanted(s.name) {
			continue
		}
		if !full {
			add(s, key{state: s.name, privilege: plan.Admin}, true)
			continue
		}
		for _, privilege := range privileges() {
			add(s, key{state: s.name, privilege: privilege}, true)
			add(s, key{state: s.name, privilege: privilege, readOnly: true}, false)
		}
		// A container in a network namespace that is not the host's. It sees no rules, so that one cell for each state is enough to
		// pair the namespace with each privilege and each kind of root.
		add(s, key{state: s.name, privilege: privileges()[i%len(privileges())], readOnly: i/len(privileges())%2 == 1, otherNetwork: true}, true)
	}
	if m.common && wanted(handOver) {
		cells = append(cells, plan.Cell{State: handOver, Privilege: plan.Admin, HandOver: true})
		keys = append(keys, key{state: handOver, privilege: plan.Admin, handOver: true})
	}
	return cells, keys
}

// rightModes returns the modes whose binaries are called directly: the right mode. If there are no rules to decide by,
// it returns both, to check whether the other would have worked.
func (m moduleSet) rightModes(k key) []string {
	want := expected(m, k)
	if k.privilege == plan.Admin && !want.rules {
		return []string{"nft", "legacy"}
	}
	return slices.Compact([]string{want.called})
}

// lacks returns true if a module does not exist for a guest with this set.
func (m moduleSet) lacks(name string) bool {
	of := func(prefixes []string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	return of(nftModules) && !m.nft || of(legacyModules) && !m.legacy || name == m.missing
}
