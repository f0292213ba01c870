package mode_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// backend returns a backend that answered every question: no hint chain, and this rule count.
func backend(rules uint64) mode.Backend {
	b := mode.Empty(mode.Present)
	b.Rules = mode.Exactly(rules)
	return b
}

func hinted(f mode.Family, h mode.Hint) mode.Backend {
	b := backend(1) // the chain counts as well
	b.Hints[f][h] = mode.Present
	return b
}

// proxied returns a backend with kube-proxy's chain.
func proxied(rules uint64) mode.Backend {
	b := backend(rules)
	b.Hints[mode.IPv6][mode.KubeProxyCanary] = mode.Present
	return b
}

func unknownHints(rules uint64) mode.Backend {
	b := backend(rules)
	b.Hints = mode.Hints{}
	return b
}

func atLeast(rules uint64) mode.Backend {
	b := backend(rules)
	b.Rules.Bounded = false
	return b
}

func between(least, most uint64) mode.Backend {
	b := backend(0)
	b.Rules = mode.RuleCount{Least: least, Most: most, Bounded: true}
	return b
}

// incompatible returns an nf_tables without nft_compat.
func incompatible(rules uint64) mode.Backend {
	b := backend(rules)
	b.Compat = mode.Absent
	return b
}

func TestDecide(t *testing.T) {
	const (
		nft    = mode.NFT
		legacy = mode.Legacy
	)
	empty, unknown := backend(0), mode.Backend{}
	gone, notLoaded := mode.Empty(mode.Absent), mode.Empty(mode.Unknown)
	hint := hinted(mode.IPv4, mode.KubeIPTablesHint)
	pinned := func(m mode.Mode) mode.Decision { return mode.Decision{Mode: m, Reason: "kubelet-chain", Pin: true} }
	unpinned := func(m mode.Mode, r mode.Reason) mode.Decision { return mode.Decision{Mode: m, Reason: r} }
	tests := []struct {
		name        string
		override    mode.Mode
		only        mode.Mode
		nft, legacy mode.Backend
		want        mode.Decision
	}{
		{"override nft against a kubelet chain in legacy", nft, 0, empty, hint, unpinned(nft, "override")},
		{"override legacy against a kubelet chain in nft", legacy, 0, hint, empty, unpinned(legacy, "override")},
		{"override of a mode that is not installed", legacy, nft, hint, empty, unpinned(legacy, "override")},
		{"only nft installed", 0, nft, empty, hint, unpinned(nft, "only-installed")},
		{"only legacy installed", 0, legacy, hint, empty, unpinned(legacy, "only-installed")},

		{"hint in nft", 0, 0, hint, empty, pinned(nft)},
		{"hint in nft in IPv6", 0, 0, hinted(mode.IPv6, mode.KubeIPTablesHint), empty, pinned(nft)},
		{"canary in nft", 0, 0, hinted(mode.IPv4, mode.KubeKubeletCanary), empty, pinned(nft)},
		{"canary in nft in IPv6", 0, 0, hinted(mode.IPv6, mode.KubeKubeletCanary), empty, pinned(nft)},
		{"hint in both", 0, 0, hint, hint, pinned(nft)},
		{"hint in nft, many rules in legacy", 0, 0, hint, backend(1000), pinned(nft)},
		{"hint in nft, kube-proxy in legacy", 0, 0, hint, proxied(1000), pinned(nft)},
		{"hint in nft, legacy unknown", 0, 0, hint, unknown, pinned(nft)},

		{"hint in legacy", 0, 0, empty, hint, pinned(legacy)},
		{"hint in legacy in IPv6", 0, 0, empty, hinted(mode.IPv6, mode.KubeIPTablesHint), pinned(legacy)},
		{"canary in legacy in IPv6", 0, 0, empty, hinted(mode.IPv6, mode.KubeKubeletCanary), pinned(legacy)},
		{"hint in legacy, many rules in nft", 0, 0, backend(1000), hint, pinned(legacy)},
		{"hint in legacy, kube-proxy in nft", 0, 0, proxied(1000), hint, pinned(legacy)},
		{"hint in legacy, nf_tables not loaded", 0, 0, notLoaded, hint, pinned(legacy)},
		{"hint in legacy, no nf_tables", 0, 0, gone, hint, pinned(legacy)},
		{"hint in legacy, nft hints unknown", 0, 0, unknownHints(0), hint, unpinned(legacy, "kubelet-chain")},
		{"hint in legacy, nft unknown", 0, 0, unknown, hint, unpinned(legacy, "kubelet-chain")},

		{"kube-proxy in nft, more rules in legacy", 0, 0, proxied(3), backend(16), unpinned(nft, "kube-proxy-chain")},
		{"kube-proxy in legacy, more rules in nft", 0, 0, backend(16), proxied(3), unpinned(legacy, "kube-proxy-chain")},
		{"kube-proxy in nft, legacy unknown", 0, 0, proxied(1), unknown, unpinned(nft, "kube-proxy-chain")},
		{"kube-proxy in legacy, nft unknown", 0, 0, unknown, proxied(1), unpinned(legacy, "kube-proxy-chain")},
		{"kube-proxy in both, more rules in legacy", 0, 0, proxied(3), proxied(4), unpinned(legacy, "more-rules")},
		{"kube-proxy in both, more rules in nft", 0, 0, proxied(4), proxied(3), unpinned(nft, "more-rules")},

		{"more rules in legacy", 0, 0, backend(2), backend(3), unpinned(legacy, "more-rules")},
		{"at least more rules in legacy", 0, 0, backend(2), atLeast(3), unpinned(legacy, "more-rules")},
		{"more rules in legacy than were seen in nft", 0, 0, atLeast(2), backend(3), unpinned(legacy, "more-rules")},
		{"surely more rules in legacy", 0, 0, between(1, 2), between(3, 5), unpinned(legacy, "more-rules")},
		{"rules in legacy, nft unknown", 0, 0, unknown, backend(3), unpinned(legacy, "more-rules")},
		{"rules in legacy, nf_tables not loaded", 0, 0, notLoaded, backend(1), unpinned(legacy, "more-rules")},
		{"equal counts", 0, 0, backend(3), backend(3), unpinned(nft, "more-rules")},
		{"more rules in nft", 0, 0, backend(4), backend(3), unpinned(nft, "more-rules")},
		{"more rules in nft, without nft_compat", 0, 0, incompatible(4), backend(3), unpinned(nft, "more-rules")},
		{"more rules in nft than were seen in legacy", 0, 0, backend(4), atLeast(3), unpinned(nft, "more-rules")},
		{"rules in nft, legacy unknown", 0, 0, backend(4), unknown, unpinned(nft, "more-rules")},
		{"rules in nft, legacy not loaded", 0, 0, backend(4), gone, unpinned(nft, "more-rules")},

		{"no nf_tables", 0, 0, gone, empty, unpinned(legacy, "only-supported")},
		{"no nf_tables, legacy not loaded", 0, 0, gone, gone, unpinned(legacy, "only-supported")},
		{"no nf_tables, legacy unknown", 0, 0, gone, unknown, unpinned(legacy, "only-supported")},
		{"no nft_compat", 0, 0, incompatible(0), empty, unpinned(legacy, "only-supported")},
		{"no nft_compat, legacy unknown", 0, 0, incompatible(0), unknown, unpinned(legacy, "only-supported")},
		{"legacy not loaded", 0, 0, empty, gone, unpinned(nft, "only-supported")},
		{"nf_tables not loaded and not asked", 0, 0, notLoaded, empty, unpinned(nft, "default")},
		{"neither loaded", 0, 0, notLoaded, gone, unpinned(nft, "default")},
		{"nft not counted, legacy not loaded", 0, 0, atLeast(0), gone, unpinned(nft, "only-supported")},
		{"nft answers, legacy unknown", 0, 0, empty, unknown, unpinned(nft, "default")},
		{"legacy answers, nft unknown", 0, 0, unknown, empty, unpinned(nft, "default")},
		{"both empty", 0, 0, empty, empty, unpinned(nft, "default")},
		{"no evidence", 0, 0, unknown, unknown, unpinned(nft, "default")},
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

// A container guesses nft on an empty host and adds rules. It restarts with a new file system, and reads its own rules. It did
// not pin, so a kubelet chain that appears in legacy later decides.
func TestGuessIsNeverPinned(t *testing.T) {
	for _, step := range []struct {
		nft, legacy mode.Backend
		want        mode.Decision
	}{
		{backend(0), backend(0), mode.Decision{Mode: mode.NFT, Reason: "default"}},
		{backend(1), backend(0), mode.Decision{Mode: mode.NFT, Reason: "more-rules"}},
		{backend(1000), backend(0), mode.Decision{Mode: mode.NFT, Reason: "more-rules"}},
		{backend(1000), hinted(mode.IPv4, mode.KubeIPTablesHint), mode.Decision{Mode: mode.Legacy, Reason: "kubelet-chain", Pin: true}},
	} {
		in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: mode.Evidence{NFT: step.nft, Legacy: step.legacy}}
		if got := mode.Decide(&in); got != step.want {
			t.Errorf("%d rules in nft: got %+v, want %+v", step.nft.Rules.Least, got, step.want)
		}
	}
}

// completions calls f with every possible answer to the questions that are Unknown in b: each hint chain, nft_compat, and the
// lowest, the highest and a very high rule count.
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
	for _, o := range []*mode.Outcome{&b.Answers, &b.Compat} {
		if *o == mode.Unknown {
			for _, answer := range []mode.Outcome{mode.Absent, mode.Present} {
				*o = answer
				completions(b, f)
			}
			return
		}
	}
	most := b.Rules.Least + 1000
	if b.Rules.Bounded {
		most = b.Rules.Most
	}
	for _, n := range []uint64{b.Rules.Least, most} {
		b.Rules = mode.Exactly(n)
		f(b)
	}
}

// The guarantee of Pin, checked for every combination: no answer to an Unknown question leads to the other mode, and only a
// kubelet chain pins.
func TestPinnedIsConclusive(t *testing.T) {
	var states []mode.Backend
	for _, state := range []mode.Backend{backend(0), backend(3), atLeast(0), atLeast(4), between(0, 4), between(2, 5), incompatible(0)} {
		for _, kubelet := range []mode.Outcome{mode.Unknown, mode.Absent, mode.Present} {
			for _, proxy := range []mode.Outcome{mode.Unknown, mode.Absent, mode.Present} {
				state.Hints[mode.IPv6][mode.KubeIPTablesHint], state.Hints[mode.IPv4][mode.KubeProxyCanary] = kubelet, proxy
				states = append(states, state)
			}
		}
	}
	states = append(states, mode.Empty(mode.Absent), mode.Empty(mode.Unknown), mode.Backend{})
	pinned := map[mode.Mode]int{}
	for _, nft := range states {
		for _, legacy := range states {
			in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: mode.Evidence{NFT: nft, Legacy: legacy}}
			d := mode.Decide(&in)
			if !d.Pin {
				continue
			}
			pinned[d.Mode]++
			if d.Reason != mode.ReasonKubeletChain {
				t.Errorf("pinned %+v on %+v", d, in.Evidence)
			}
			completions(nft, func(n mode.Backend) {
				completions(legacy, func(l mode.Backend) {
					full := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: mode.Evidence{NFT: n, Legacy: l}}
					if got := mode.Decide(&full); got != d {
						t.Errorf("pinned %+v on %+v, but %+v on %+v", d, in.Evidence, got, full.Evidence)
					}
				})
			})
		}
	}
	if pinned[mode.NFT] == 0 || pinned[mode.Legacy] == 0 {
		t.Errorf("decisions that were pinned, by mode: %v", pinned)
	}
}
