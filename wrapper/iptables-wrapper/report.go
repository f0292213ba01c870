package main

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// text returns the report for people: the problems, the decision, the symlinks, and then the evidence.
func (r *report) text(colour bool) string {
	nft, legacy := &r.in.Evidence.NFT, &r.in.Evidence.Legacy
	var b strings.Builder
	for _, p := range r.problems {
		line := p.id + ": " + p.text
		if colour {
			line = "\x1b[1;31m" + line + "\x1b[0m"
		}
		b.WriteString(line + "\n")
	}
	if len(r.problems) > 0 {
		b.WriteString("\n")
	}
	line(&b, 11, "mode:", r.Mode.String())
	line(&b, 11, "reason:", string(r.Reason)+" ("+because(r.Decision)+")")
	line(&b, 11, "pin:", r.pin())
	line(&b, 11, "links:", r.links.String())
	line(&b, 11, "installed:", installed(r.in))
	line(&b, 25, "")
	line(&b, 25, "", "nft", "legacy")
	line(&b, 25, "backend", backend(nft), backend(legacy))
	line(&b, 25, "nft_compat", nft.Compat.String(), "-")
	line(&b, 25, "rules", count(nft.Rules), count(legacy.Rules))
	line(&b, 25, "chains of", owners(&nft.Owners), owners(&legacy.Owners))
	for f := range nft.Hints {
		for h := range nft.Hints[f] {
			name := mode.Hint(h).String() + " " + mode.Family(f).String()
			line(&b, 25, name, nft.Hints[f][h].String(), legacy.Hints[f][h].String())
		}
	}
	note(&b, mode.NFT, nft.Err)
	note(&b, mode.Legacy, legacy.Err)
	return b.String()
}

// line writes columns: the first one is as wide as width says.
func line(b *strings.Builder, width int, columns ...string) {
	const spaces = "                         " // package strings' own are five kinds of them, and 1 kB
	text := ""
	for _, column := range columns {
		text += column + spaces[:max(width-len(column), 1)]
		width = 18
	}
	b.WriteString(strings.TrimRight(text, " ") + "\n")
}

func note(b *strings.Builder, m mode.Mode, err error) {
	if err != nil {
		b.WriteString("note on " + m.String() + ": " + printable(err.Error()) + "\n")
	}
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

// pin returns whether a call would pin, and why not.
func (r *report) pin() string {
	switch {
	case !r.Pin && r.Reason == mode.ReasonKubeletChain:
		return "no (not everything could be read)"
	case !r.Pin:
		return "no (only the reason kubelet-chain pins)"
	case r.blocked != nil:
		return "no (" + printable(r.blocked.Error()) + ")"
	}
	return "yes"
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

// json returns the report for programs, one object and a newline. It is written by hand because encoding/json would make the
// binary a third larger.
func (r *report) json() string {
	b := field([]byte("{"), "mode", quote(r.Mode.String()))
	b = field(b, "reason", quote(string(r.Reason)))
	b = field(b, "pin", strconv.FormatBool(r.Pin && r.blocked == nil))
	b = field(b, "links", quote(r.links.String()))
	b = field(b, "conflict", strconv.FormatBool(r.in.Evidence.Conflict()))
	var ids []string
	for _, p := range r.problems {
		ids = append(ids, quote(p.id))
	}
	b = field(b, "problems", "["+strings.Join(ids, ",")+"]")
	b = field(field(b, "installed", "{"), "nft", strconv.FormatBool(r.in.NFTInstalled))
	b = append(field(b, "legacy", strconv.FormatBool(r.in.LegacyInstalled)), '}')
	b = field(field(b, "evidence", "{"), "nft", "{")
	b = backendFields(field(b, "nft_compat", quote(r.in.Evidence.NFT.Compat.String())), &r.in.Evidence.NFT)
	b = backendFields(field(b, "legacy", "{"), &r.in.Evidence.Legacy)
	return string(append(b, "}}\n"...))
}

// backendFields appends the rest of an object that has begun.
func backendFields(b []byte, e *mode.Backend) []byte {
	b = field(field(b, "backend", quote(e.Answers.String())), "hints", "{")
	for f := range e.Hints {
		b = field(b, mode.Family(f).String(), "{")
		for h, o := range e.Hints[f] {
			b = field(b, mode.Hint(h).String(), quote(o.String()))
		}
		b = append(b, '}')
	}
	b = field(field(append(b, '}'), "rules", "{"), "least", strconv.FormatUint(e.Rules.Least, 10))
	if e.Rules.Bounded {
		b = field(b, "most", strconv.FormatUint(e.Rules.Most, 10))
	}
	b = field(append(b, '}'), "chains", "{")
	for o, n := range e.Owners {
		if n > 0 {
			b = field(b, mode.Owner(o).String(), strconv.FormatUint(n, 10))
		}
	}
	b = append(b, '}')
	if e.Err != nil {
		b = field(b, "note", quote(e.Err.Error()))
	}
	return append(b, '}')
}

// field appends the next field of an object that has begun. "{" as the value begins an object in it. Inlined, it is 8 kB.
//
//go:noinline
func field(b []byte, key, value string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(b, quote(key)+":"+value...)
}

// quote returns a string of JSON.
func quote(s string) string {
	b := []byte{'"'}
	for _, r := range printable(s) {
		if r == '"' || r == '\\' {
			b = append(b, '\\')
		}
		b = utf8.AppendRune(b, r)
	}
	return string(append(b, '"'))
}
