package main

import (
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// TestExpected checks that there is an expectation for every possible cell, and for no other cell.
func TestExpected(t *testing.T) {
	guesses := withoutRules()
	rules := withRules()
	for _, m := range moduleSets() {
		for _, s := range states() {
			if !m.can(s) {
				continue
			}
			want := expected(m, key{state: s.name, privilege: plan.Admin})
			if want.mode == "" || want.reason == "" || want.called == "" {
				t.Errorf("%s, %s: no expectation", m.name, s.name)
			}
			delete(guesses, [2]string{m.name, s.name})
		}
	}
	for _, s := range states() {
		delete(rules, s.name)
	}
	if len(guesses)+len(rules) > 0 {
		t.Errorf("of cells that cannot be: %v %v", guesses, rules)
	}
}

// TestJudge judges a correct result of a cell, and then copies of it with one error each.
func TestJudge(t *testing.T) {
	version := plan.Run{Stdout: "iptables v1.8.11 (legacy)\n"}
	direct := map[string][]plan.Run{"legacy": {version, {Stdout: "-P INPUT ACCEPT\n"}, {}, {}}}
	right := func() plan.Result {
		return plan.Result{
			Before:        plan.Kernel{Modules: "ip_tables"},
			AfterDetect:   plan.Kernel{Modules: "ip_tables"},
			AfterVersion:  plan.Kernel{Modules: "ip_tables"},
			Detect:        plan.Run{Stdout: `{"mode":"legacy","reason":"kubelet-chain","pin":true}`},
			Calls:         []plan.Run{version, {Stdout: "-P INPUT ACCEPT\n"}, {}, {}},
			LinksByDetect: plan.Wrapper, Links: "xtables-legacy-multi", LinksInTheEnd: "xtables-legacy-multi",
			RestoredIn: []string{"legacy"},
		}
	}
	want := expected(moduleSets()[0], key{state: "hint v4, legacy", privilege: plan.Admin})
	k := key{state: "hint v4, legacy", privilege: plan.Admin}
	if v := judge(want, k, right(), direct); !v.right() {
		t.Errorf("right, but judged %+v", v)
	}
	for expected, spoil := range map[string]func(*plan.Result){
		"no room":         func(r *plan.Result) { r.Failed = "no room" },
		"detect's mode":   func(r *plan.Result) { r.Detect.Stdout = `{"mode":"nft","reason":"kubelet-chain","pin":true}` },
		"detect's reason": func(r *plan.Result) { r.Detect.Stdout = `{"mode":"legacy","reason":"default","pin":true}` },
		"detect's pin":    func(r *plan.Result) { r.Detect.Stdout = `{"mode":"legacy","reason":"kubelet-chain","pin":false}` },
		"detect's conflict": func(r *plan.Result) {
			r.Detect.Stdout = `{"mode":"legacy","reason":"kubelet-chain","pin":true,"conflict":true}`
		},
		"detect: ":                  func(r *plan.Result) { r.Detect.Status = 1 },
		"symlinks after detect":     func(r *plan.Result) { r.LinksByDetect = "xtables-legacy-multi" },
		"symlinks after the first":  func(r *plan.Result) { r.Links = "xtables-nft-multi" },
		"symlinks in the end":       func(r *plan.Result) { r.LinksInTheEnd = plan.Wrapper },
		"iptables-restore":          func(r *plan.Result) { r.Calls[3].Status = 1 },
		"restored rule":             func(r *plan.Result) { r.RestoredIn = []string{"nft"} },
		"first call":                func(r *plan.Result) { r.Calls[0].Stdout = "iptables v1.8.11 (nf_tables)\n" },
		"iptables -S":               func(r *plan.Result) { r.Calls[1].Stderr = "# Warning\n" },
		"iptables -A":               func(r *plan.Result) { r.Calls[2].Status = 4 },
		"detect loaded nf_tables":   func(r *plan.Result) { r.AfterDetect.Modules += " nf_tables" },
		"the wrapper loaded x":      func(r *plan.Result) { r.AfterVersion.Modules += " x" },
		"changed the legacy tables": func(r *plan.Result) { r.AfterDetect.Names = "mangle" },
		"changed the nft ruleset":   func(r *plan.Result) { r.AfterDetect.Ruleset = "table ip mangle" },
	} {
		r := right()
		spoil(&r)
		v := judge(want, k, r, direct)
		if said := strings.Join(append(v.wrong, v.sideEffects...), "\n"); !strings.Contains(said, expected) {
			t.Errorf("%s: judged %q", expected, said)
		}
	}
}
