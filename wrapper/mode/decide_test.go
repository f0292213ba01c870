package mode_test

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// backend returns a backend that answered every question: no hint, so much held.
func backend(held uint64) mode.Backend {
	b := mode.Empty(mode.Present)
	b.Held = mode.Exactly(held)
	return b
}

func hinted(f mode.Family, h mode.Hint) mode.Backend {
	b := backend(1) // the chain is held as well
	b.Hints[f][h] = mode.Present
	return b
}

func unknownHints(held uint64) mode.Backend {
	b := backend(held)
	b.Hints = mode.Hints{}
	return b
}

func atLeast(held uint64) mode.Backend {
	b := backend(held)
	b.Held.Bounded = false
	return b
}

func between(least, most uint64) mode.Backend {
	b := backend(0)
	b.Held = mode.Amount{Least: least, Most: most, Bounded: true}
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
	tests := []struct {
		name        string
		override    mode.Mode
		only        mode.Mode
		guessed     bool
		nft, legacy mode.Backend
		want        mode.Decision
	}{
		{"override nft against a legacy hint", nft, 0, false, empty, hint, mode.Decision{Mode: nft, Reason: "override"}},
		{"override legacy against an nft hint", legacy, 0, false, hint, empty, mode.Decision{Mode: legacy, Reason: "override"}},
		{"override of what is not installed", legacy, nft, false, hint, empty, mode.Decision{Mode: legacy, Reason: "override"}},
		{"only nft installed", 0, nft, false, empty, hint, mode.Decision{Mode: nft, Reason: "only-installed"}},
		{"only legacy installed", 0, legacy, false, hint, empty, mode.Decision{Mode: legacy, Reason: "only-installed"}},

		{"nft hint", 0, 0, false, hint, empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint in IPv6", 0, 0, false, hinted(mode.IPv6, mode.KubeIPTablesHint), empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft canary", 0, 0, false, hinted(mode.IPv4, mode.KubeKubeletCanary), empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft canary in IPv6", 0, 0, false, hinted(mode.IPv6, mode.KubeKubeletCanary), empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint before legacy hint", 0, 0, false, hint, hint, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint before much in legacy", 0, 0, false, hint, backend(1000), mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint, legacy not asked", 0, 0, false, hint, unknown, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},
		{"nft hint after a guess", 0, 0, true, hint, empty, mode.Decision{Mode: nft, Reason: "kubelet-chain", Pin: true}},

		{"legacy hint", 0, 0, false, empty, hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint in IPv6", 0, 0, false, empty, hinted(mode.IPv6, mode.KubeIPTablesHint), mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy canary in IPv6", 0, 0, false, empty, hinted(mode.IPv6, mode.KubeKubeletCanary), mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint before much in nft", 0, 0, false, backend(1000), hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint, nf_tables not loaded", 0, 0, false, notLoaded, hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint, no nf_tables", 0, 0, false, gone, hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},
		{"legacy hint, nft hints unknown", 0, 0, false, unknownHints(0), hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain"}},
		{"legacy hint after a guess", 0, 0, true, backend(5), hint, mode.Decision{Mode: legacy, Reason: "kubelet-chain", Pin: true}},

		{"legacy holds more", 0, 0, false, backend(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules", Pin: true}},
		{"legacy holds more, after a guess", 0, 0, true, backend(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy holds at least more", 0, 0, false, backend(2), atLeast(3), mode.Decision{Mode: legacy, Reason: "more-rules", Pin: true}},
		{"legacy holds more than nft is seen to hold", 0, 0, false, atLeast(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy surely holds more", 0, 0, false, between(1, 2), between(3, 5), mode.Decision{Mode: legacy, Reason: "more-rules", Pin: true}},
		{"legacy perhaps holds more", 0, 0, false, between(1, 3), between(3, 5), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy holds more, nft hints unknown", 0, 0, false, unknownHints(2), backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy holds something, nft unknown", 0, 0, false, unknown, backend(3), mode.Decision{Mode: legacy, Reason: "more-rules"}},
		{"legacy holds something, nf_tables not loaded", 0, 0, false, notLoaded, backend(1), mode.Decision{Mode: legacy, Reason: "more-rules", Pin: true}},
		{"equally much", 0, 0, false, backend(3), backend(3), mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},
		{"nft holds more", 0, 0, false, backend(4), backend(3), mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},
		{"nft holds more, after a guess", 0, 0, true, backend(4), backend(3), mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft holds at least as much", 0, 0, false, atLeast(3), backend(3), mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},
		{"nft holds more than legacy is seen to hold", 0, 0, false, backend(4), atLeast(3), mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft perhaps holds more", 0, 0, false, between(4, 9), between(3, 5), mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft holds more, legacy hints unknown", 0, 0, false, backend(4), unknownHints(3), mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft holds something, legacy unknown", 0, 0, false, backend(4), unknown, mode.Decision{Mode: nft, Reason: "more-rules"}},
		{"nft holds something, legacy not loaded", 0, 0, false, backend(4), gone, mode.Decision{Mode: nft, Reason: "more-rules", Pin: true}},

		{"nf_tables cannot be had", 0, 0, false, gone, empty, mode.Decision{Mode: legacy, Reason: "only-supported"}},
		{"nf_tables cannot be had, legacy not loaded", 0, 0, false, gone, gone, mode.Decision{Mode: legacy, Reason: "only-supported"}},
		{"nf_tables cannot be had, legacy unknown", 0, 0, false, gone, unknown, mode.Decision{Mode: legacy, Reason: "only-supported"}},
		{"legacy not loaded", 0, 0, false, empty, gone, mode.Decision{Mode: nft, Reason: "only-supported"}},
		{"nf_tables not loaded and not tried", 0, 0, false, notLoaded, empty, mode.Decision{Mode: nft, Reason: "default"}},
		{"neither loaded", 0, 0, false, notLoaded, gone, mode.Decision{Mode: nft, Reason: "default"}},
		{"nft not counted, legacy not loaded", 0, 0, false, atLeast(0), gone, mode.Decision{Mode: nft, Reason: "only-supported"}},
		{"nft answers, legacy unknown", 0, 0, false, empty, unknown, mode.Decision{Mode: nft, Reason: "default"}},
		{"legacy answers, nft unknown", 0, 0, false, unknown, empty, mode.Decision{Mode: nft, Reason: "default"}},
		{"both empty", 0, 0, false, empty, empty, mode.Decision{Mode: nft, Reason: "default"}},
		{"nothing known", 0, 0, false, unknown, unknown, mode.Decision{Mode: nft, Reason: "default"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := mode.Inputs{
				Override:        tt.override,
				NFTInstalled:    tt.only != legacy,
				LegacyInstalled: tt.only != nft,
				Guessed:         tt.guessed,
				Evidence:        mode.Evidence{NFT: tt.nft, Legacy: tt.legacy},
			}
			got := mode.Decide(&in)
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if guess := tt.override == 0 && tt.only == 0 && got.Reason != "kubelet-chain" && !got.Pin; got.Guess() != guess {
				t.Errorf("%+v: a guess: %v, want %v", got, got.Guess(), guess)
			}
		})
	}
}

// completions calls f with every way the Unknown findings of b could turn out: each hint, and the least, the most and a
// great amount held.
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
	most := b.Held.Least + 1000
	if b.Held.Bounded {
		most = b.Held.Most
	}
	for _, n := range []uint64{b.Held.Least, most} {
		b.Held = mode.Exactly(n)
		f(b)
	}
}

// What Pin promises, checked over every combination: however the open questions are answered, the mode is the same.
func TestPinnedIsConclusive(t *testing.T) {
	var states []mode.Backend
	for _, held := range []mode.Backend{backend(0), backend(3), backend(5), atLeast(0), atLeast(4), between(0, 4), between(2, 5), between(4, 8)} {
		for _, hints := range []mode.Outcome{mode.Unknown, mode.Absent, mode.Present} {
			held.Hints[mode.IPv6][mode.KubeIPTablesHint] = hints
			states = append(states, held)
		}
	}
	states = append(states, mode.Empty(mode.Absent), mode.Empty(mode.Unknown), mode.Backend{})
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
			in.Guessed = true
			if g := mode.Decide(&in); g.Mode != d.Mode || g.Pin != (d.Reason == mode.ReasonKubeletChain) {
				t.Errorf("%+v, after a guess %+v", d, g)
			}
		}
	}
	if pinned == 0 {
		t.Error("nothing was pinned: the check checked nothing")
	}
}

func TestOwners(t *testing.T) {
	var o mode.Owners
	for _, chain := range []string{"KUBE-SERVICES", "KUBE-", "KUBE", "DOCKER", "DOCKER-USER", "cali-INPUT", "XKUBE-X", "", "MINE"} {
		o.Count([]byte(chain))
	}
	if o != (mode.Owners{0: 2, 1: 2, 4: 1}) {
		t.Errorf("got %v", o)
	}
	for i := range mode.NumOwners {
		if mode.Owner(i).String() == "" {
			t.Errorf("owner %d has no name", i)
		}
	}
}

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
