package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// verdict contains the errors of a cell. Both lists are empty if the cell is correct.
type verdict struct {
	wrong       []string // differences from the expectation
	sideEffects []string // side effects of the probe
}

func (v verdict) right() bool { return len(v.wrong)+len(v.sideEffects) == 0 }

func (v *verdict) expect(what string, got, want any) {
	if got != want {
		v.wrong = append(v.wrong, fmt.Sprintf("%s: got %v, want %v", what, got, want))
	}
}

// decision contains the compared fields of the output of "iptables-wrapper detect --output json".
type decision struct {
	Mode     string `json:"mode"`
	Reason   string `json:"reason"`
	Pin      bool   `json:"pin"`
	Conflict bool   `json:"conflict"`
}

// judge compares a cell with its expectation, and its calls with calls of the right binary on a host in the same state.
func judge(want expectation, k key, r plan.Result, direct map[string][]plan.Run) verdict {
	var v verdict
	if v.wrong = failure(r); v.wrong != nil {
		return v
	}
	v.detect(want, k, r)
	links := plan.Wrapper
	if want.pin && !k.readOnly {
		links = "xtables-" + want.mode + "-multi"
	}
	v.expect("symlinks after detect", r.LinksByDetect, plan.Wrapper)
	v.expect("symlinks after the first call", r.Links, links)
	v.expect("symlinks in the end", r.LinksInTheEnd, links)
	v.expect("first call", calledMode(r), want.called)
	for i, call := range plan.Calls() {
		v.expect(strings.Join(call.Argv, " "), r.Calls[i], direct[want.called][i])
	}
	restored := ""
	if r.Calls[len(r.Calls)-1].Status == 0 {
		restored = want.called
	}
	v.expect("restored rule is in", strings.Join(r.RestoredIn, " and "), restored)
	if other, has := direct[otherMode(want.called)]; has && worked(other) && !worked(r.Calls) {
		v.wrong = append(v.wrong, "the other mode would have worked")
	}
	return v
}

// failure returns the error if the guest could not create the cell's state.
func failure(r plan.Result) []string {
	if r.Failed == "" {
		return nil
	}
	return []string{r.Failed}
}

func (v *verdict) detect(want expectation, k key, r plan.Result) {
	var got decision
	if err := json.Unmarshal([]byte(r.Detect.Stdout), &got); err != nil || r.Detect.Status != 0 || r.Detect.Stderr != "" {
		v.wrong = append(v.wrong, fmt.Sprintf("detect: %v, %+v", err, r.Detect))
		return
	}
	v.expect("detect's mode", got.Mode, want.mode)
	v.expect("detect's reason", got.Reason, want.reason)
	if !k.readOnly && k.privilege != plan.Ambient { // in these, detect may or may not know that no mode can be pinned
		v.expect("detect's pin", got.Pin, want.pin)
	}
	v.expect("detect's conflict", got.Conflict, bothContainRules(k.state) && k.privilege == plan.Admin && !k.otherNetwork)
	v.changed("detect", r.Before, r.AfterDetect)
	if want.mayLoad() {
		// A call may load nf_tables, and nft_compat with the match that a rule uses.
		if !slices.Contains(strings.Fields(r.Before.Modules), "nf_tables") {
			r.AfterVersion.Ruleset = r.Before.Ruleset
		}
		r.AfterVersion.Modules = r.Before.Modules
	}
	if k.privilege == plan.Ambient {
		// Reading table mangle without access to the names files can create it, empty.
		r.AfterVersion.Names = r.Before.Names
	}
	v.changed("a call of the wrapper", r.Before, r.AfterVersion)
}

// bothContainRules returns true if the state is that of a host that uses both modes.
func bothContainRules(name string) bool {
	return slices.ContainsFunc(states(), func(s state) bool { return s.name == name && s.uses == "both" })
}

// changed records the differences between two states of the kernel.
func (v *verdict) changed(what string, before, after plan.Kernel) {
	if before.Modules != after.Modules {
		new := slices.DeleteFunc(strings.Fields(after.Modules), func(name string) bool {
			return slices.Contains(strings.Fields(before.Modules), name)
		})
		v.sideEffects = append(v.sideEffects, fmt.Sprintf("%s loaded %s", what, strings.Join(new, " ")))
	}
	if before.Names != after.Names {
		v.sideEffects = append(v.sideEffects, fmt.Sprintf("%s changed the legacy tables: before %s after %s", what, before.Names, after.Names))
	}
	if before.Ruleset != after.Ruleset {
		v.sideEffects = append(v.sideEffects, fmt.Sprintf("%s changed the nft ruleset: before %q after %q", what, before.Ruleset, after.Ruleset))
	}
}

// calledMode returns the mode of the binary that the first call executed.
func calledMode(r plan.Result) string {
	switch {
	case strings.HasSuffix(r.Calls[0].Stdout, "(nf_tables)\n"):
		return "nft"
	case strings.HasSuffix(r.Calls[0].Stdout, "(legacy)\n"):
		return "legacy"
	}
	return fmt.Sprintf("%+v", r.Calls[0])
}

func otherMode(mode string) string {
	if mode == "nft" {
		return "legacy"
	}
	return "nft"
}

// worked returns true if every command succeeded.
func worked(runs []plan.Run) bool {
	return !slices.ContainsFunc(runs, func(r plan.Run) bool { return r.Status != 0 })
}
