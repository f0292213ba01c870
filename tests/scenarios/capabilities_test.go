package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAmbientCapabilities runs mayWriteButNotList with ambient capabilities.
func TestAmbientCapabilities(t *testing.T) {
	mayWriteButNotList(t, func(h *host) { h.attr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW} })
}

// mayWriteButNotList tests a user who may change rules, but not read /proc/net/ip_tables_names, which is 0440
// root:root. A call sees the kubelet chain in either mode. detect, which changes nothing, does not search for it in
// legacy.
func mayWriteButNotList(t *testing.T, allow func(*host)) {
	for _, tt := range []struct {
		state          string
		prepare        func(*host)
		called, detect string
	}{
		{"empty", func(*host) {}, "nft", "default"},
		{"kubelet in nft", func(h *host) { h.restore("ip6tables-nft", rules6("mangle", canary, 0)...) }, "nft", "kubelet-chain"},
		{"kubelet in legacy", func(h *host) { h.restore("iptables-legacy", rules("mangle", hint, 0)...) }, "legacy", "default"},
		{"kubelet in legacy, IPv6", func(h *host) { h.restore("ip6tables-legacy", rules6("mangle", canary, 0)...) }, "legacy", "default"},
		{"kubelet in legacy, rules in nft", func(h *host) {
			h.restore("iptables-legacy", rules("mangle", hint, 0)...)
			h.restore("iptables-nft", rules("filter", "DOCKER", 5)...)
		}, "legacy", "more-rules"},
		{"kube-proxy in legacy", func(h *host) { h.restore("iptables-legacy", rules("mangle", "KUBE-PROXY-CANARY", 0)...) }, "legacy", "default"},
		{"rules in legacy", func(h *host) { h.restore("iptables-legacy", rules("filter", "A", 5)...) }, "nft", "default"},
	} {
		t.Run(tt.state, func(t *testing.T) {
			h := newHost(t)
			tt.prepare(h)
			allow(h)
			if err := os.Chmod(h.root+"/run", 0o777); err != nil { // for the lock of iptables-legacy
				t.Fatal(err)
			}
			if err := os.RemoveAll(h.root + "/run/xtables.lock"); err != nil {
				t.Fatal(err)
			}
			h.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
			before := h.snapshot()
			if got := h.detect(); got.Reason != tt.detect {
				t.Errorf("detect: got %+v, want %s", got, tt.detect)
			}
			if after := h.snapshot(); after != before {
				t.Errorf("detect changed the kernel: before:\n%s\nafter:\n%s", before, after)
			}
			h.expectGuess(tt.called)
			h.run("/usr/sbin/iptables", "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "1", "-j", "ACCEPT")
			h.attr.Credential, h.attr.AmbientCaps = nil, nil
			if out := h.run("/usr/sbin/iptables-"+tt.called, "-t", "nat", "-S", "PREROUTING"); len(out) < 50 {
				t.Errorf("the rule is not in %s: %s", tt.called, out)
			}
		})
	}
}

// TestMayWriteEverything tests such a user who also owns the symlinks: a kubelet chain is pinned.
func TestMayWriteEverything(t *testing.T) {
	h := newHost(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	err := filepath.WalkDir(h.root, func(path string, d os.DirEntry, err error) error {
		if path == h.root+"/proc" {
			return filepath.SkipDir
		}
		// Files below /usr are hard links to the image's files, which must not change.
		if err == nil && (d.IsDir() || strings.HasPrefix(path, h.root+"/var/")) {
			err = os.Lchown(path, 65534, 65534)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.attr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}
	h.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	if got := h.version("iptables"); got != "legacy" || !h.pinned("ip6tables") {
		t.Errorf("got %s, pinned %v, want legacy, pinned", got, h.pinned("ip6tables"))
	}
}
