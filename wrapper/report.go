package main

import (
	"strconv"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// debug prints to standard error what a call found and decided.
func debug(in *mode.Inputs, d mode.Decision, path string) {
	stderr.Write([]byte(text(in, d) + "runs: " + path + "\n"))
}

// text is the report of a decision for people.
func text(in *mode.Inputs, d mode.Decision) string {
	b := "mode: " + d.Mode.String() + "\n" +
		"reason: " + string(d.Reason) + "\n" +
		"pin: " + strconv.FormatBool(d.Pin) + "\n" +
		"installed: " + installed(in) + "\n"
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		e := evidence(in, m)
		b += m.String() + " backend: " + e.Answers.String() + "\n" +
			m.String() + " rules: " + count(e.Rules) + "\n"
		for f := range e.Hints {
			for h, o := range e.Hints[f] {
				b += m.String() + " " + mode.Family(f).String() + " " + mode.Hint(h).String() + ": " + o.String() + "\n"
			}
		}
		if e.Err != nil {
			b += m.String() + " note: " + e.Err.Error() + "\n"
		}
	}
	return b
}

func evidence(in *mode.Inputs, m mode.Mode) *mode.Backend {
	if m == mode.Legacy {
		return &in.Evidence.Legacy
	}
	return &in.Evidence.NFT
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

func count(r mode.Rules) string {
	n := strconv.FormatUint(r.Seen, 10)
	switch {
	case r.Complete:
		return n
	case r.Seen == 0:
		return "unknown"
	}
	return "at least " + n
}

// json is the report of a decision for programs, one object and a newline. It is written by hand because encoding/json
// would make the binary a third larger.
func json(in *mode.Inputs, d mode.Decision) string {
	b := []byte(`{"mode":`)
	b = appendJSON(b, d.Mode.String())
	b = appendJSON(append(b, `,"reason":`...), string(d.Reason))
	b = strconv.AppendBool(append(b, `,"pin":`...), d.Pin)
	b = strconv.AppendBool(append(b, `,"installed":{"nft":`...), in.NFTInstalled)
	b = strconv.AppendBool(append(b, `,"legacy":`...), in.LegacyInstalled)
	b = append(b, `},"evidence":{`...)
	for i, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, m.String()), ':')
		b = appendBackend(b, evidence(in, m))
	}
	return string(append(b, "}}\n"...))
}

func appendBackend(b []byte, e *mode.Backend) []byte {
	b = appendJSON(append(b, `{"backend":`...), e.Answers.String())
	b = append(b, `,"hints":{`...)
	for f := range e.Hints {
		if f > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, mode.Family(f).String()), `:{`...)
		for h, o := range e.Hints[f] {
			if h > 0 {
				b = append(b, ',')
			}
			b = append(appendJSON(b, mode.Hint(h).String()), ':')
			b = appendJSON(b, o.String())
		}
		b = append(b, '}')
	}
	b = strconv.AppendUint(append(b, `},"rules":{"seen":`...), e.Rules.Seen, 10)
	b = strconv.AppendBool(append(b, `,"complete":`...), e.Rules.Complete)
	b = append(b, '}')
	if e.Err != nil {
		b = appendJSON(append(b, `,"note":`...), e.Err.Error())
	}
	return append(b, '}')
}

// appendJSON appends a string. The strings of a report are made here and in package probe: ASCII without controls.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
