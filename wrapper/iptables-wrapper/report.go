package main

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// text returns the report for people: the problems, the decision, the symlinks, and then the evidence.
func (r *report) text() string {
	nft, legacy := &r.Evidence.NFT, &r.Evidence.Legacy
	var b strings.Builder
	for _, p := range r.problems {
		b.WriteString(p.id + ": " + p.text + "\n")
	}
	if len(r.problems) > 0 {
		b.WriteString("\n")
	}
	pin := "yes"
	if r.blocked != nil {
		pin = "no (" + printable(r.blocked.Error()) + ")"
	}
	var installed []string
	for _, m := range r.inst.Modes() {
		installed = append(installed, m.String())
	}
	line(&b, 11, "mode:", r.Mode.String())
	line(&b, 11, "reason:", string(r.Reason)+" ("+because(r.Reason)+")")
	line(&b, 11, "pin:", pin)
	line(&b, 11, "links:", r.links.String())
	line(&b, 11, "installed:", cmp.Or(strings.Join(installed, ", "), "none"))
	line(&b, 25, "")
	line(&b, 25, "", "nft", "legacy")
	line(&b, 25, "backend", nft.Answers.String(), legacy.Answers.String())
	line(&b, 25, "nft_compat", nft.Compat.String(), "-")
	line(&b, 25, "rules", count(nft.Rules), count(legacy.Rules))
	for f := range nft.Hints {
		for h := range nft.Hints[f] {
			name := mode.Hint(h).String() + " " + mode.Family(f).String()
			line(&b, 25, name, nft.Hints[f][h].String(), legacy.Hints[f][h].String())
		}
	}
	for m, err := range [...]error{mode.NFT: nft.Err, mode.Legacy: legacy.Err} {
		if err != nil {
			b.WriteString("note on " + mode.Mode(m).String() + ": " + printable(err.Error()) + "\n")
		}
	}
	return b.String()
}

// line writes columns. The first one is padded to width.
func line(b *strings.Builder, width int, columns ...string) {
	text := ""
	for _, column := range columns {
		text += column + strings.Repeat(" ", max(width-len(column), 1))
		width = 18
	}
	b.WriteString(strings.TrimRight(text, " ") + "\n")
}

// because returns the text for a reason.
func because(reason mode.Reason) string {
	return map[mode.Reason]string{
		mode.ReasonOverride:       overrideVariable + " is set",
		mode.ReasonOnlyInstalled:  "the other mode's binaries are not installed",
		mode.ReasonKubeletChain:   "a kubelet chain is in this mode",
		mode.ReasonKubeProxyChain: "kube-proxy's chain is in this mode, and was not seen in the other",
		mode.ReasonMoreRules:      "it has the most rules, chains and policies other than ACCEPT",
		mode.ReasonOnlySupported:  "both modes are empty, and the kernel does not support the other",
		mode.ReasonDefault:        "a guess: both modes are empty, or cannot be read",
	}[reason]
}

func count(a mode.RuleCount) string {
	switch {
	case a.Exact():
		return number(a.Least)
	case a.Bounded:
		return number(a.Least) + " to " + number(a.Most)
	case a.Least == 0:
		return "unknown"
	}
	return "at least " + number(a.Least)
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// json returns the report for programs, one object and a newline. Package encoding/json would make the binary larger by a third.
func (r *report) json() string {
	var ids []string
	for _, p := range r.problems {
		ids = append(ids, quote(p.id))
	}
	return object(
		"mode", quote(r.Mode.String()),
		"reason", quote(string(r.Reason)),
		"pin", strconv.FormatBool(r.blocked == nil),
		"links", quote(r.links.String()),
		"conflict", strconv.FormatBool(r.Evidence.Conflict()),
		"problems", "["+strings.Join(ids, ",")+"]",
		"installed", object("nft", strconv.FormatBool(r.NFTInstalled), "legacy", strconv.FormatBool(r.LegacyInstalled)),
		"evidence", object(
			"nft", evidence(&r.Evidence.NFT, "nft_compat", quote(r.Evidence.NFT.Compat.String())),
			"legacy", evidence(&r.Evidence.Legacy),
		),
	) + "\n"
}

// evidence returns the evidence for one mode as a JSON object that begins with fields.
func evidence(e *mode.Backend, fields ...string) string {
	var hints []string
	for f := range e.Hints {
		var outcomes []string
		for h, o := range e.Hints[f] {
			outcomes = append(outcomes, mode.Hint(h).String(), quote(o.String()))
		}
		hints = append(hints, mode.Family(f).String(), object(outcomes...))
	}
	rules := []string{"least", number(e.Rules.Least)}
	if e.Rules.Bounded {
		rules = append(rules, "most", number(e.Rules.Most))
	}
	fields = append(fields, "backend", quote(e.Answers.String()), "hints", object(hints...), "rules", object(rules...))
	if e.Err != nil {
		fields = append(fields, "note", quote(e.Err.Error()))
	}
	return object(fields...)
}

// object returns a JSON object. fields are keys, each followed by its value.
func object(fields ...string) string {
	var all []string
	for i := 0; i < len(fields); i += 2 {
		all = append(all, quote(fields[i])+":"+fields[i+1])
	}
	return "{" + strings.Join(all, ",") + "}"
}

// quote returns a JSON string.
func quote(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(printable(s), `\`, `\\`), `"`, `\"`) + `"`
}
