package main

import (
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// text is the report of a decision for people: what is wrong first, then the decision, then what it rests on.
func text(in *mode.Inputs, d mode.Decision, colour bool) string {
	nft, legacy := &in.Evidence.NFT, &in.Evidence.Legacy
	var b strings.Builder
	if in.Evidence.Conflict() {
		warning := "conflict: both modes contain rules (nft " + count(nft.Rules) + ", legacy " + count(legacy.Rules) + "): this node is split between two modes"
		if colour {
			warning = "\x1b[1;31m" + warning + "\x1b[0m"
		}
		b.WriteString(warning + "\n\n")
	}
	field := func(name, value string) { b.WriteString(pad(name, 11) + value + "\n") }
	field("mode:", d.Mode.String())
	field("reason:", string(d.Reason)+" ("+because(d)+")")
	field("pin:", yes(d.Pin))
	field("installed:", installed(in))
	b.WriteString("\n")
	row := func(name, nft, legacy string) {
		b.WriteString(strings.TrimRight(pad(name, 25)+pad(nft, 18)+legacy, " ") + "\n")
	}
	row("", "nft", "legacy")
	row("backend", backend(nft), backend(legacy))
	row("rules", count(nft.Rules), count(legacy.Rules))
	row("chains of", owners(&nft.Owners), owners(&legacy.Owners))
	for f := range nft.Hints {
		for h := range nft.Hints[f] {
			row(mode.Hint(h).String()+" "+mode.Family(f).String(), nft.Hints[f][h].String(), legacy.Hints[f][h].String())
		}
	}
	if nft.Err != nil {
		b.WriteString("note on nft: " + nft.Err.Error() + "\n")
	}
	if legacy.Err != nil {
		b.WriteString("note on legacy: " + legacy.Err.Error() + "\n")
	}
	return b.String()
}

// because is the reason in words.
func because(d mode.Decision) string {
	switch d.Reason {
	case mode.ReasonOverride:
		return overrideVariable + " is set"
	case mode.ReasonOnlyInstalled:
		return "the other mode's binaries are not installed"
	case mode.ReasonKubeletChain:
		return "a kubelet chain is in this mode"
	case mode.ReasonKubeProxyChain:
		return "kube-proxy's chain is in this mode, and was not seen in the other"
	case mode.ReasonMoreRules:
		return "it has the most rules, chains and policies other than ACCEPT"
	case mode.ReasonOnlySupported:
		return "both modes are empty, and the kernel does not support the other"
	}
	return "a guess: both modes are empty, or cannot be read"
}

func pad(s string, width int) string {
	const spaces = "                         " // package strings' own are five kinds of them, and 1 kB
	return s + spaces[:max(width-len(s), 1)]
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func installed(in *mode.Inputs) string {
	switch {
	case in.NFTInstalled && in.LegacyInstalled:
		return "nft, legacy"
	case in.NFTInstalled:
		return "nft only"
	case in.LegacyInstalled:
		return "legacy only"
	}
	return "none"
}

func backend(b *mode.Backend) string {
	if b.Answers != mode.Present && b.Rules.Exact() {
		return "not loaded"
	}
	return b.Answers.String()
}

func count(a mode.RuleCount) string {
	n := strconv.FormatUint(a.Least, 10)
	switch {
	case a.Exact():
		return n
	case a.Bounded:
		return n + " to " + strconv.FormatUint(a.Most, 10)
	case a.Least == 0:
		return "unknown"
	}
	return "at least " + n
}

func owners(o *mode.Owners) string {
	var all []string
	for i, n := range o {
		if n > 0 {
			all = append(all, mode.Owner(i).String()+" "+strconv.FormatUint(n, 10))
		}
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}
