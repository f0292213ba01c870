package mode_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

func TestNames(t *testing.T) {
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		if got, ok := mode.Parse(m.String()); !ok || got != m {
			t.Errorf("Parse(%q) = %v, %v", m.String(), got, ok)
		}
		if m.Other() == m || m.Other().Other() != m {
			t.Errorf("%v.Other() = %v", m, m.Other())
		}
	}
	for _, name := range []string{"", "NFT", "nft ", "none", "nf_tables"} {
		if m, ok := mode.Parse(name); ok {
			t.Errorf("Parse(%q) = %v, want none", name, m)
		}
	}
}

// A count without an upper bound can be any number.
func TestExceeds(t *testing.T) {
	for _, tt := range []struct {
		a, b mode.RuleCount
		want bool
	}{
		{mode.Exactly(2), mode.Exactly(1), true},
		{mode.Exactly(1), mode.Exactly(1), false},
		{mode.RuleCount{Least: 2}, mode.Exactly(1), true},
		{mode.Exactly(2), mode.RuleCount{Least: 1}, false},
	} {
		if got := tt.a.Exceeds(tt.b); got != tt.want {
			t.Errorf("%+v exceeds %+v: %v", tt.a, tt.b, got)
		}
	}
}
