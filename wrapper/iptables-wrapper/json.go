package main

import (
	"strconv"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// json is the report of a decision for programs, one object and a newline. It is written by hand because encoding/json
// would make the binary a third larger.
func json(in *mode.Inputs, d mode.Decision) string {
	b := appendJSON([]byte(`{"mode":`), d.Mode.String())
	b = appendJSON(append(b, `,"reason":`...), string(d.Reason))
	b = strconv.AppendBool(append(b, `,"pin":`...), d.Pin)
	b = strconv.AppendBool(append(b, `,"conflict":`...), in.Evidence.Conflict())
	b = strconv.AppendBool(append(b, `,"installed":{"nft":`...), in.NFTInstalled)
	b = strconv.AppendBool(append(b, `,"legacy":`...), in.LegacyInstalled)
	b = appendBackend(append(b, `},"evidence":{"nft":`...), &in.Evidence.NFT)
	b = appendBackend(append(b, `,"legacy":`...), &in.Evidence.Legacy)
	return string(append(b, "}}\n"...))
}

func appendBackend(b []byte, e *mode.Backend) []byte {
	b = appendJSON(append(b, `{"backend":`...), e.Answers.String())
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
