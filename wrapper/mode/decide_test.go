package mode_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// backend returns a backend that answered every question: no hint, the given number of rules.
func backend(rules uint64) mode.Backend {
	b := mode.Missing()
	b.Answers = mode.Present
	b.Rules.Seen = rules
	return b
}

func hinted(f mode.Family, h mode.Hint) mode.Backend {
	b := backend(0)
	b.Hints[f][h] = mode.Present
	return b
}

func unknownHints(rules uint64) mode.Backend {
	b := backend(rules)
	b.Hints.Fill(mode.Unknown)
	return b
}

func atLeast(rules uint64) mode.Backend {
	b := backend(rules)
	b.Rules.Complete = false
	return b
}

func TestDecide(t *testing.T) {
	const (
		nft    = mode.NFT
		legacy = mode.Legacy
	)
	empty, missing, unknown := backend(0), mode.Missing(), mode.Backend{}
	hint := hinted(mode.IPv4, mode.KubeIPTablesHint)
	tests := []struct {
		name        string
		override    mode.Mode
		only        mode.Mode
		nft, legacy mode.Backend
		want        mode.Decision
	}{
		{"override nft against a legacy hint", nft, 0, empty, hint, mode.Decision{Mode: nft, Reason: "override"}},
		{"override legacy against an nft hint", legacy, 0, hint, empty, mode.Decision{Mode: legacy, Reason: "override"}},
		{"override of what is not installed", legacy, nft, hint, empty, mode.Decision{Mode: legacy, Reason: "override"}},
		{"only nft installed", 0, nft, empty, hint, mode.Decision{Mode: nft, Reason: "only-installed"}},
		{"only legacy installed", 0, legacy, hint, empty, mode.Decision{Mode: legacy, Reason: "only-installed"}},

		{"nft hint", 0, 0, hint, empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint in IPv6", 0, 0, hinted(mode.IPv6, mode.KubeIPTablesHint), empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft canary", 0, 0, hinted(mode.IPv4, mode.KubeKubeletCanary), empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft canary in IPv6", 0, 0, hinted(mode.IPv6, mode.KubeKubeletCanary), empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint before legacy hint", 0, 0, hint, hint, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint before many legacy rules", 0, 0, hint, backend(1000), mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint, legacy not asked", 0, 0, hint, unknown, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},

		{"legacy hint", 0, 0, empty, hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint in IPv6", 0, 0, empty, hinted(mode.IPv6, mode.KubeIPTablesHint), mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy canary in IPv6", 0, 0, empty, hinted(mode.IPv6, mode.KubeKubeletCanary), mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint before many nft rules", 0, 0, backend(1000), hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint, no nf_tables", 0, 0, missing, hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint, nft hints unknown", 0, 0, unknownHints(0), hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain"}},

		{"only nft supported, empty", 0, 0, empty, missing, mode.Decision{Mode: nft, Reason: "only-supported"}},
		{"only nft supported, rules", 0, 0, backend(1), missing, mode.Decision{Mode: nft, Reason: "only-supported", Pin: true}},
		{"only nft supported, rules not counted", 0, 0, atLeast(0), missing, mode.Decision{Mode: nft, Reason: "only-supported"}},
		{"only legacy supported, empty", 0, 0, missing, empty, mode.Decision{Mode: legacy, Reason: "only-supported"}},
		{"only legacy supported, rules", 0, 0, missing, backend(1), mode.Decision{Mode: legacy, Reason: "only-supported", Pin: true}},
		{"nft answers, legacy unknown", 0, 0, empty, unknown, mode.Decision{Mode: nft, Reason: "default"}},
		{"legacy answers, nft unknown", 0, 0, unknown, empty, mode.Decision{Mode: nft, Reason: "default"}},

		{"legacy has more", 0, 0, backend(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules", Pin: true}},
		{"legacy has at least more", 0, 0, backend(2), atLeast(3), mode.Decision{Mode: legacy, Reason: "more-rules", Pin: true}},
		{"legacy has more than the nft rules seen", 0, 0, atLeast(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy has more, nft hints unknown", 0, 0, unknownHints(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy has rules, nft unknown", 0, 0, unknown, backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"equally many", 0, 0, backend(3), backend(3), mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},
		{"nft has more", 0, 0, backend(4), backend(3), mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},
		{"nft has at least as many", 0, 0, atLeast(3), backend(3), mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},
		{"nft has more than the legacy rules seen", 0, 0, backend(4), atLeast(3), mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft has more, legacy hints unknown", 0, 0, backend(4), unknownHints(3), mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft has rules, legacy unknown", 0, 0, backend(4), unknown, mode.Decision{Mode: nft, Reason: "more-rules"}},

		{"both empty", 0, 0, empty, empty, mode.Decision{Mode: nft, Reason: "default"}},
		{"no backend at all", 0, 0, missing, missing, mode.Decision{Mode: nft, Reason: "default"}},
		{"nothing known", 0, 0, unknown, unknown, mode.Decision{Mode: nft, Reason: "default"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := mode.Inputs{
				Override:        tt.override,
				NFTInstalled:    tt.only != legacy,
				LegacyInstalled: tt.only != nft,
				Evidence:        mode.Evidence{NFT: tt.nft, Legacy: tt.legacy},
			}
			if got := mode.Decide(&in); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// completions calls f with every way the Unknown findings of b could turn out: each hint, and a count of 0 or many.
func completions(b mode.Backend, f func(mode.Backend)) {
	for fam := range b.Hints {
		for h, o := range b.Hints[fam] {
			if o == mode.Unknown {
				for _, o := range []mode.Outcome{mode.Absent, mode.Present} {
					b.Hints[fam][h] = o
					completions(b, f)
				}
				return
			}
		}
	}
	if !b.Rules.Complete {
		b.Rules.Complete = true
		f(b)
		b.Rules.Seen += 1000
	}
	f(b)
}

// What Pin promises, checked over every combination: however the open questions are answered, the mode is the same.
func TestPinnedIsConclusive(t *testing.T) {
	var states []mode.Backend
	for _, rules := range []uint64{0, 3, 5} {
		for _, hints := range []mode.Outcome{mode.Unknown, mode.Absent, mode.Present} {
			for _, complete := range []bool{false, true} {
				b := backend(rules)
				b.Hints[mode.IPv6][mode.KubeIPTablesHint] = hints
				b.Rules.Complete = complete
				states = append(states, b)
			}
		}
	}
	states = append(states, mode.Missing())
	pinned := 0
	for _, nft := range states {
		for _, legacy := range states {
			in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: mode.Evidence{NFT: nft, Legacy: legacy}}
			d := mode.Decide(&in)
			if !d.Pin {
				continue
			}
			pinned++
			completions(nft, func(n mode.Backend) {
				completions(legacy, func(l mode.Backend) {
					full := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: mode.Evidence{NFT: n, Legacy: l}}
					if got := mode.Decide(&full); got.Mode != d.Mode {
						t.Errorf("pinned %+v on %+v, but %+v on %+v", d, in.Evidence, got, full.Evidence)
					}
				})
			})
		}
	}
	if pinned == 0 {
		t.Error("nothing was pinned: the check checked nothing")
	}
}

func TestNames(t *testing.T) {
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		if got, err := mode.Parse(m.String()); err != nil || got != m {
			t.Errorf("Parse(%q) = %v, %v", m.String(), got, err)
		}
		if m.Other() == m || m.Other().Other() != m {
			t.Errorf("%v.Other() = %v", m, m.Other())
		}
	}
	for _, name := range []string{"", "NFT", "nft ", "none", "nf_tables"} {
		if m, err := mode.Parse(name); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", name, m)
		}
	}
}
