package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// pluginConfig contains the used fields of examples/kubernetes/node-problem-detector/iptables-mode.json.
type pluginConfig struct {
	PluginConfig struct {
		MaxOutputLength int `json:"max_output_length"`
	}
	Conditions []struct{ Type, Reason, Message string }
	Rules      []struct{ Type, Condition, Reason, Path string }
}

// addPlugin copies the example's files to the paths that its Dockerfile uses.
func (h *host) addPlugin(t *testing.T) (config pluginConfig) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(h.root, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(needs.Variable(t, "PLUGIN")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(path) == ".json" {
			if err := json.Unmarshal(text, &config); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(h.root, "config", filepath.Base(path)), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if len(config.Rules) != 1 || len(config.Conditions) != 1 {
		t.Fatalf("not one rule for one condition: %+v", config)
	}
	return config
}

// pluginCases are host states for the plugin of node-problem-detector, with the detector's reading of its exit status.
var pluginCases = []struct {
	states          []string
	status          int
	says, condition string
}{
	{[]string{"empty"}, 0, "all rules are in one mode", "False"},
	{[]string{"kubelet in nft"}, 0, "all rules are in one mode", "False"},
	{[]string{"kubelet in legacy"}, 0, "all rules are in one mode", "False"},
	{[]string{"kubelet in nft", "docker in legacy"}, 1, "split-node: both modes contain rules (nft 4, legacy 2): find out which mode is in use, and remove the rules of the other", "True"},
	{[]string{"kubelet in nft", "docker in legacy", "no CAP_NET_ADMIN"}, 2, "iptables-wrapper: detect: --check: not everything could be " +
		"read (the notes say why): run it in the host's network namespace with CAP_NET_ADMIN", "Unknown"},
}

func TestPlugin(t *testing.T) {
	for _, c := range pluginCases {
		t.Run(strings.Join(c.states, ", "), func(t *testing.T) {
			h := newHost(t)
			config := h.addPlugin(t)
			for _, state := range c.states {
				hosts[state](t, h)
			}
			r := h.do(call{argv: []string{config.Rules[0].Path}})
			if r.status.ExitStatus() != c.status || r.stdout != c.says+"\n" || r.stderr != "" {
				t.Errorf("status %d, said %q, %q", r.status.ExitStatus(), r.stdout, r.stderr)
			}
			if len(c.says) > config.PluginConfig.MaxOutputLength {
				t.Errorf("cut: %d bytes, of which %d are shown", len(c.says), config.PluginConfig.MaxOutputLength)
			}
		})
	}
	// The image of the example's Dockerfile contains no iptables: the plugin probes the kernel directly.
	t.Run("no iptables", func(t *testing.T) {
		h := newHost(t)
		config := h.addPlugin(t)
		hosts["kubelet in nft"](t, h)
		hosts["docker in legacy"](t, h)
		binaries, err := filepath.Glob(h.root + "/usr/sbin/xtables-*-multi")
		if err != nil || len(binaries) != 2 {
			t.Fatalf("%v: error %v", binaries, err)
		}
		for _, binary := range binaries {
			if err := os.Remove(binary); err != nil {
				t.Fatal(err)
			}
		}
		if r := h.do(call{argv: []string{config.Rules[0].Path}}); r.status.ExitStatus() != 1 || !strings.HasPrefix(r.stdout, "split-node: both modes contain rules (nft 4, ") {
			t.Errorf("status %d, said %q", r.status.ExitStatus(), r.stdout)
		}
	})
	t.Run("no program", func(t *testing.T) {
		h := newHost(t)
		config := h.addPlugin(t)
		if err := os.Remove(h.root + "/usr/sbin/iptables-wrapper"); err != nil {
			t.Fatal(err)
		}
		if r := h.do(call{argv: []string{config.Rules[0].Path}}); r.status.ExitStatus() != 2 || !strings.Contains(r.stdout, "not found") {
			t.Errorf("status %d, said %q", r.status.ExitStatus(), r.stdout)
		}
	})
}
