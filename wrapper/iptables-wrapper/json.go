package main

import (
	"strconv"
	"unicode/utf8"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// json returns the report for programs, one object and a newline. It is written by hand because encoding/json would make the
// binary a third larger.
func (r *report) json() string {
	b := appendJSON([]byte(`{"mode":`), r.Mode.String())
	b = appendJSON(append(b, `,"reason":`...), string(r.Reason))
	b = strconv.AppendBool(append(b, `,"pin":`...), r.Pin && r.blocked == nil)
	b = appendJSON(append(b, `,"links":`...), r.links.String())
	b = strconv.AppendBool(append(b, `,"conflict":`...), r.in.Evidence.Conflict())
	b = append(b, `,"problems":[`...)
	for i, p := range r.problems {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, p.id)
	}
	b = strconv.AppendBool(append(b, `],"installed":{"nft":`...), r.in.NFTInstalled)
	b = strconv.AppendBool(append(b, `,"legacy":`...), r.in.LegacyInstalled)
	b = appendJSON(append(b, `},"evidence":{"nft":{"nft_compat":`...), r.in.Evidence.NFT.Compat.String())
	b = appendBackend(append(b, ','), &r.in.Evidence.NFT)
	b = appendBackend(append(b, `,"legacy":{`...), &r.in.Evidence.Legacy)
	return string(append(b, "}}\n"...))
}

// appendBackend appends the rest of an object that has begun.
func appendBackend(b []byte, e *mode.Backend) []byte {
	b = appendJSON(append(b, `"backend":`...), e.Answers.String())
	b = append(b, `,"hints":{`...)
	for f := range e.Hints {
		b = append(appendKey(b, mode.Family(f).String()), '{')
		for h, o := range e.Hints[f] {
			b = appendJSON(appendKey(b, mode.Hint(h).String()), o.String())
		}
		b = append(b, '}')
	}
	b = strconv.AppendUint(append(b, `},"rules":{"least":`...), e.Rules.Least, 10)
	if e.Rules.Bounded {
		b = strconv.AppendUint(append(b, `,"most":`...), e.Rules.Most, 10)
	}
	b = append(b, `},"chains":{`...)
	for o, n := range e.Owners {
		if n > 0 {
			b = strconv.AppendUint(appendKey(b, mode.Owner(o).String()), n, 10)
		}
	}
	b = append(b, '}')
	if e.Err != nil {
		b = appendJSON(append(b, `,"note":`...), e.Err.Error())
	}
	return append(b, '}')
}

// appendKey appends the next key of an object that has begun.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(appendJSON(b, key), ':')
}

// appendJSON appends a string.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range printable(s) {
		if r == '"' || r == '\\' {
			b = append(b, '\\')
		}
		b = utf8.AppendRune(b, r)
	}
	return append(b, '"')
}
