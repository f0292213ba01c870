package scenarios

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// report contains the rule counts in the output of "iptables-wrapper detect --output json".
type report struct {
	decision
	Conflict bool `json:"conflict"`
	Evidence struct {
		NFT, Legacy struct {
			Rules struct {
				Least uint64  `json:"least"`
				Most  *uint64 `json:"most"`
			} `json:"rules"`
		}
	} `json:"evidence"`
}

func (h *host) report() report {
	h.t.Helper()
	out := h.must(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--output", "json"}})
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		h.t.Fatalf("detect: %v: %s", err, out)
	}
	return r
}

// randomTables returns the text of tables with chains, jumps, rules and policies, and its rule count.
func randomTables(r *rand.Rand) (text []string, count uint64) {
	builtIn := map[string]string{"filter": "FORWARD", "nat": "OUTPUT", "mangle": "FORWARD", "raw": "OUTPUT", "security": "INPUT"}
	for _, table := range []string{"filter", "nat", "mangle", "raw", "security"} {
		if r.IntN(2) == 0 {
			continue
		}
		policy := "ACCEPT"
		if r.IntN(3) == 0 && table != "nat" {
			policy = "DROP"
			count++
		}
		text = append(text, "*"+table, ":"+builtIn[table]+" "+policy+" [0:0]")
		chains := r.IntN(5)
		for c := range chains {
			text = append(text, fmt.Sprintf(":C%d - [0:0]", c))
		}
		count += uint64(chains)
		for range r.IntN(40) {
			chain, target := builtIn[table], "ACCEPT"
			if from := r.IntN(chains + 1); from < chains {
				chain = fmt.Sprintf("C%d", from)
			} else if chains > 0 && r.IntN(2) == 0 {
				target = fmt.Sprintf("C%d", r.IntN(chains))
			}
			text = append(text, "-A "+chain+" -j "+target)
			count++
		}
		text = append(text, "COMMIT")
	}
	return text, count
}

// TestRuleCount restores the same text in both modes. The rule count of both must be that of the text.
func TestRuleCount(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		h := newHost(t)
		var want uint64
		for _, command := range []string{"iptables", "ip6tables"} {
			text, count := randomTables(r)
			want += count
			h.restore(command+"-nft", text...)
			h.restore(command+"-legacy", text...)
		}
		got := h.report()
		for mode, count := range map[string]struct {
			least uint64
			most  *uint64
		}{"nft": {got.Evidence.NFT.Rules.Least, got.Evidence.NFT.Rules.Most}, "legacy": {got.Evidence.Legacy.Rules.Least, got.Evidence.Legacy.Rules.Most}} {
			if count.most == nil || count.least != want || *count.most != want {
				t.Errorf("seed %d: rule count of %s is %+v, want %d", seed, mode, count, want)
			}
		}
		if got.Conflict != (want > 0) {
			t.Errorf("seed %d: conflict %v at %d each", seed, got.Conflict, want)
		}
		want2 := decision{"nft", "more-rules", false}
		if want == 0 {
			want2 = decision{"nft", "default", false}
		}
		if got.decision != want2 {
			t.Errorf("seed %d: %+v, want %+v", seed, got.decision, want2)
		}
	}
}

// TestCloseComparisons creates rule counts that differ by at most one, so that the bounds are not sufficient. A call
// must decide for the same mode as detect, which counts everything.
func TestCloseComparisons(t *testing.T) {
	for _, tt := range []struct{ nft, legacy int }{{400, 399}, {400, 400}, {400, 401}, {3, 4}, {0, 1}, {1, 0}} {
		h := newHost(t)
		h.restore("iptables-nft", jumps(tt.nft)...)
		h.restore("iptables-legacy", jumps(tt.legacy)...)
		want := decision{"nft", "more-rules", false}
		if tt.legacy > tt.nft {
			want.Mode = "legacy"
		}
		if got := h.detect(); got != want {
			t.Errorf("%+v: detect: %+v, want %+v", tt, got, want)
		}
		if got := h.version("iptables"); got != want.Mode || h.pinned("iptables") {
			t.Errorf("%+v: called: %s, pinned %v", tt, got, h.pinned("iptables"))
		}
	}
}

// TestLarge uses a host with 100,000 rules and 20,000 chains in one mode. detect counts all of them. A call decides
// without counting; tools/bench measures its time.
func TestLarge(t *testing.T) {
	text := []string{"*filter"}
	for c := range 20_000 {
		text = append(text, fmt.Sprintf(":KUBE-SVC-%d - [0:0]", c))
	}
	for r := range 100_000 {
		text = append(text, fmt.Sprintf("-A KUBE-SVC-%d -s 192.0.2.1 -j ACCEPT", r%20_000))
	}
	text = append(text, "COMMIT")
	for _, mode := range []string{"nft", "legacy"} {
		h := newHost(t)
		h.restore("iptables-"+mode, text...)
		other := map[string]string{"nft": "legacy", "legacy": "nft"}[mode]
		h.restore("iptables-"+other, rules("filter", "cali-X", 1)...)
		got := h.report()
		large, small := got.Evidence.NFT, got.Evidence.Legacy
		if mode == "legacy" {
			large, small = small, large
		}
		if large.Rules.Least != 120_000 || small.Rules.Least != 2 {
			t.Errorf("%s: %+v", mode, got)
		}
		if want := (decision{mode, "more-rules", false}); got.decision != want {
			t.Errorf("detect: got %+v, want %+v", got.decision, want)
		}
		if v := h.version("iptables-save"); v != mode || h.pinned("iptables") {
			t.Errorf("called: %s, pinned %v, want %s, not pinned", v, h.pinned("iptables"), mode)
		}
	}
}

// TestCheck runs `detect --check`, which SREs and node-problem-detector run on a node.
func TestCheck(t *testing.T) {
	h := newHost(t)
	check := func(status int, first string) {
		t.Helper()
		r := h.do(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--check"}})
		if line, _, _ := strings.Cut(r.stdout, "\n"); r.status.ExitStatus() != status || line != first || (r.stderr != "") != (status == 1) {
			t.Errorf("exit status %d, %q, %q; want %d, %q", r.status.ExitStatus(), line, r.stderr, status, first)
		}
	}
	check(0, "mode:      nft")
	h.restore("iptables-nft", rules("nat", "KUBE-SERVICES", 4)...)
	check(0, "mode:      nft")
	h.restore("ip6tables-legacy", "*mangle", ":FORWARD DROP [0:0]", "COMMIT")
	const split = "split-node: both modes contain rules (nft 5, legacy 1): find out which mode is in use, and remove the rules of the other"
	check(3, split)
	out := h.run("/usr/sbin/iptables-wrapper", "detect")
	if !strings.HasPrefix(out, split+"\n") || !strings.Contains(out, "rules                    5                 1\n") {
		t.Errorf("detect does not print both counts:\n%s", out)
	}
	dropCapabilities(t)
	check(1, "mode:      nft")
}
