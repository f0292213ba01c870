package main

import (
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// state is what a host's firewall looks like before the container comes.
type state struct {
	name  string
	uses  string // the backends that it cannot be without: "nft", "legacy", "both" or ""
	steps []plan.Step
}

// states are all of them. Each is made by the host's own iptables, as kubelet and people make it.
func states() []state {
	const (
		hint   = "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n"
		canary = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n"
		two    = "*filter\n-A INPUT -s 192.0.2.1 -j DROP\n-A INPUT -s 192.0.2.2 -j DROP\nCOMMIT\n"
		three  = "*filter\n-A INPUT -s 192.0.2.1 -j DROP\n-A INPUT -s 192.0.2.2 -j DROP\n-A FORWARD -j ACCEPT\nCOMMIT\n"
		policy = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
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
			one("canary", "iptables", canary),
			one("rules only", "iptables", two),
			one("policy only", "iptables", policy),
			one("loaded but empty", "iptables", tables),
		)
	}
	return append(all,
		state{"both, legacy more", "both", []plan.Step{restore("nft", "iptables", two), restore("legacy", "iptables", three)}},
		state{"both, nft more", "both", []plan.Step{restore("legacy", "iptables", two), restore("nft", "iptables", three)}},
	)
}

// moduleSet is what a guest has of netfilter.
type moduleSet struct {
	name        string
	nft, legacy bool // whether the modules exist
	loaded      bool // whether they are loaded before anything else
}

func moduleSets() []moduleSet {
	return []moduleSet{
		{"both loaded", true, true, true},
		{"nft only", true, false, true},
		{"legacy only", false, true, true},
		{"none", false, false, false},
		{"not loaded", true, true, false},
	}
}

// can says whether a host with these modules can be in a state.
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

// load are the modules to load first.
func (m moduleSet) load() []string {
	if !m.loaded {
		return nil
	}
	var names []string
	if m.nft {
		names = append(names, "nf_tables", "nft_compat")
	}
	if m.legacy {
		names = append(names, "iptable_filter", "iptable_mangle", "ip6table_filter", "ip6table_mangle")
	}
	return names
}

func privileges() []plan.Privilege {
	return []plan.Privilege{plan.Admin, plan.NoAdmin, plan.User, plan.UserNamespace}
}

// key names a cell within one boot.
type key struct {
	state     string
	privilege plan.Privilege
	readOnly  bool
}

// cells are what one guest does. What the binaries say directly depends on the state and the privilege alone, so they are
// asked beside the cell with the writable root only.
func (m moduleSet) cells() ([]plan.Cell, []key) {
	var cells []plan.Cell
	var keys []key
	for _, s := range states() {
		if !m.can(s) {
			continue
		}
		for _, privilege := range privileges() {
			for _, readOnly := range []bool{false, true} {
				c := plan.Cell{State: s.name, Setup: s.steps, Privilege: privilege, ReadOnly: readOnly}
				if !readOnly {
					c.Direct = m.rightModes(s, privilege)
				}
				cells = append(cells, c)
				keys = append(keys, key{s.name, privilege, readOnly})
			}
		}
	}
	return cells, keys
}

// rightModes are the modes whose binaries are called directly: the right one, and where there is nothing to go by both, to
// see whether the other would have worked.
func (m moduleSet) rightModes(s state, privilege plan.Privilege) []string {
	want := contract(m, s.name, privilege)
	if privilege == plan.Admin && !want.rules {
		return []string{"nft", "legacy"}
	}
	return slices.Compact([]string{want.called})
}

// lacks says of a module that it does not exist for a guest with this set.
func (m moduleSet) lacks(name string) bool {
	isNFT := name == "nf_tables" || strings.HasPrefix(name, "nft_")
	isLegacy := false
	for _, prefix := range []string{"ip_tables", "ip6_tables", "arp_tables", "iptable_", "ip6table_", "arptable_"} {
		isLegacy = isLegacy || strings.HasPrefix(name, prefix)
	}
	return isNFT && !m.nft || isLegacy && !m.legacy
}
