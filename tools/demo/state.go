package main

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

// state is a host's firewall before a container starts.
type state struct {
	host   string
	nft    string // input of iptables-nft-restore
	legacy string // input of iptables-legacy-restore
}

func states() []state {
	const hint = "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n"
	rules := "*filter\n" + strings.Repeat("-A INPUT -s 192.0.2.1 -j DROP\n", 100) + "COMMIT\n"
	return []state{
		{host: "nothing there yet"},
		{host: "kubelet in nft", nft: hint},
		{host: "kubelet in legacy", legacy: hint},
		{host: "kube-proxy in legacy, no kubelet", legacy: "*mangle\n:KUBE-PROXY-CANARY - [0:0]\nCOMMIT\n"},
		{host: "legacy rules, no kubelet", legacy: rules},
		{host: "kubelet in nft, others' rules in legacy", nft: hint, legacy: rules},
	}
}

// result is the outcome of one state.
type result struct {
	decision
	before, after string  // where the symlink iptables leads
	first, second float64 // milliseconds
}

// decision contains the used fields of "iptables-wrapper detect --output json".
type decision struct {
	Mode   string `json:"mode"`
	Reason string `json:"reason"`
	Pin    bool   `json:"pin"`
}

func (d decision) why() string {
	if d.Pin {
		return d.Reason
	}
	return d.Reason + ", not pinned"
}

// visit puts the host into the state, and calls iptables in the container twice.
func visit(n *node.Node, s state) (result, error) {
	var r result
	for restore, rules := range map[string]string{"iptables-nft-restore": s.nft, "iptables-legacy-restore": s.legacy} {
		if rules == "" {
			continue
		}
		if _, err := n.Output(rules, "/usr/sbin/"+restore); err != nil {
			return r, err
		}
	}
	report, err := n.Output("", "/usr/sbin/iptables-wrapper", "detect", "--output", "json")
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(report), &r.decision); err != nil {
		return r, fmt.Errorf("detect: %w", err)
	}
	if r.before, err = leadsTo(n); err != nil {
		return r, err
	}
	if r.first, err = call(n, r.Mode); err != nil {
		return r, fmt.Errorf("first call: %w", err)
	}
	if r.after, err = leadsTo(n); err != nil {
		return r, err
	}
	if r.second, err = call(n, r.Mode); err != nil {
		return r, fmt.Errorf("second call: %w", err)
	}
	return r, nil
}

// call runs iptables once, checks the mode that it ran in, and returns the time in milliseconds.
func call(n *node.Node, mode string) (float64, error) {
	start := time.Now()
	out, err := n.Output("", "/usr/sbin/iptables", "--version")
	if err != nil {
		return 0, err
	}
	took := time.Since(start)
	if (mode == "nft") != strings.Contains(out, "(nf_tables)") {
		return 0, fmt.Errorf("detect said %s, iptables says %s", mode, strings.TrimSpace(out))
	}
	return float64(took.Microseconds()) / 1000, nil
}

func leadsTo(n *node.Node) (string, error) {
	chain, err := n.Links("/usr/sbin/iptables")
	if err != nil {
		return "", err
	}
	return path.Base(chain[len(chain)-1]), nil
}
