package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// history contains the times of events on a node.
type history struct {
	kubelet time.Time // start of the kubelet that creates chains
	chain   time.Time // when this program first saw the chain; calls just before may have seen it, too
}

// finding is the result of one container, and a line of the table that the program prints.
type finding struct {
	container *container
	before    []string // modes in use before the chain
	calls     int      // number of calls after the chain
	used      []string // modes in use after the chain
	leadsTo   string   // where iptables leads at the end
	init      string
	wrong     []string
}

func (f *finding) differs(format string, args ...any) {
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// legacyWarning matches the warning of iptables-nft-save if there are legacy tables, such as those of addOtherRules
// (iptables 1.8, xtables-save.c).
var legacyWarning = regexp.MustCompile(`^# Warning: (ip6?tables)-legacy tables present, use (ip6?tables)-legacy-save to see them$`)

// check compares the calls and rules of one container with the expected ones. rules is the output of iptables-save in each mode.
func (n *node) check(c *container, h history, rules map[string]string) finding {
	f := finding{container: c, init: "-"}
	calls, err := n.recorded(c)
	if err != nil {
		f.differs("calls: %v", err)
		return f
	}
	after := from(calls, h.chain)
	before := calls[:len(calls)-len(from(calls, h.kubelet))]
	f.calls = len(after)
	for _, one := range before {
		if one.Mode != "" && !slices.Contains(f.before, one.Mode) {
			f.before = append(f.before, one.Mode)
		}
		if filepath.Base(one.LeadsTo) != "iptables-wrapper" {
			f.differs("%s before the chain: pinned: iptables leads to %s", one.Applet, one.LeadsTo)
		}
	}
	switch {
	case c.early && (len(f.before) == 0 || f.before[0] != "nft"):
		f.differs("on the empty node: %v, not a guess of nft", f.before)
	case !c.early && len(before) > 0:
		f.differs("was started before kubelet's chain")
	}
	target := "iptables-wrapper" // which cannot be replaced in a root file system that is read-only
	if !c.readOnly {
		target = "xtables-" + n.mode + "-multi"
	}
	wrote := map[string]bool{}
	for _, one := range after {
		when := fmt.Sprintf("%s %.2f s after the chain", one.Applet, one.Start.Sub(h.chain).Seconds())
		if one.Problem != "" && !legacyWarning.MatchString(one.Problem) {
			f.differs("%s: %s", when, one.Problem)
		}
		if one.Mode != "" && one.Mode != n.mode {
			f.differs("%s: mode %s", when, one.Mode)
		}
		used := one.Mode
		if one.Wrote != "" {
			wrote[one.Wrote] = true
			switch in := holders(rules, one.Wrote); {
			case len(in) != 1 || in[0] != n.mode:
				f.differs("%s: its rule is in %v", when, in)
			default:
				used = in[0]
			}
		}
		if wrote[one.Missed] {
			f.differs("%s: does not list %s", when, one.Missed)
		}
		if used != "" && !slices.Contains(f.used, used) {
			f.used = append(f.used, used)
		}
		if f.leadsTo = filepath.Base(one.LeadsTo); f.leadsTo != target {
			f.differs("%s: iptables leads to %s, not to %s", when, one.LeadsTo, target)
		}
	}
	if !c.early {
		n.checkInit(&f, h)
	}
	return f
}

// checkInit checks that an init container waited for kubelet's chain, and did not decide by the earlier rules of
// addOtherRules.
func (n *node) checkInit(f *finding, h history) {
	v, err := n.verdict(f.container)
	if err != nil {
		f.differs("init container: %v", err)
		return
	}
	f.init = fmt.Sprintf("%s, %s, exit %d", v.Mode, v.Reason, v.exitCode)
	if v.at.Before(h.kubelet) {
		f.differs("init container: done %.1f s before kubelet with the chain was started", h.kubelet.Sub(v.at).Seconds())
	}
	if v.exitCode != 0 || v.Mode != n.mode || v.Reason != "kubelet-chain" || !v.Pin {
		f.differs("init container: mode %s, reason %s, pin %v, exit %d", v.Mode, v.Reason, v.Pin, v.exitCode)
	}
}

// holders returns the modes that contain a rule.
func holders(rules map[string]string, rule string) (modes []string) {
	for _, mode := range []string{"nft", "legacy"} {
		if strings.Contains(rules[mode], "\n"+rule+"\n") {
			modes = append(modes, mode)
		}
	}
	return modes
}

// checkChains checks that kubelet's chains are in its own mode only, in both families.
func (n *node) checkChains() (wrong []string) {
	for _, family := range []string{"ip", "ip6"} {
		for _, chain := range []string{"KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"} {
			for _, mode := range []string{"nft", "legacy"} {
				if has := hasChain(mode, family, chain); has != (mode == n.mode) {
					wrong = append(wrong, fmt.Sprintf("kubelet's %s of %s in %s: %v", chain, family, mode, has))
				}
			}
		}
	}
	return wrong
}
