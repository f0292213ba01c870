package scenarios

import (
	"strings"
	"testing"
)

// expect calls an applet and checks its mode, and whether it is pinned.
func (h *host) expect(when, mode string, pinned bool) {
	h.t.Helper()
	if got := h.version("iptables"); got != mode || h.pinned("iptables") != pinned {
		h.t.Errorf("%s: %s, pinned %v; want %s, %v", when, got, h.pinned("iptables"), mode, pinned)
	}
}

// TestGuess runs an agent that starts on an empty host. Its own rules must never confirm its guess, even after a
// restart with a new root file system. The kubelet chain decides.
func TestGuess(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		{ // not t.Run: its goroutine would be in another thread's namespaces
			h := newHost(t)
			h.expect("on an empty host", "nft", false)
			h.run("/usr/sbin/iptables", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
			h.expect("with a rule of its own", "nft", false)
			h.install()
			h.run("/usr/sbin/iptables", "-S")
			h.expect("restarted", "nft", false)
			if got, want := h.detect(), (decision{"nft", "more-rules", false}); got != want {
				t.Errorf("detect: got %+v, want %+v", got, want)
			}
			h.restore("iptables-legacy", rules("filter", "A", 3)...)
			h.expect("with more rules in legacy", "legacy", false)
			h.restore("ip6tables-"+mode, rules6("mangle", hint, 0)...)
			h.expect("with the kubelet chain", mode, true)
			h.install()
			h.expect("installed again", mode, true)
		}
	}
}

// TestWithoutKubelet makes three calls on a host with rules but without kubelet. The wrapper must not pin a mode.
func TestWithoutKubelet(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		h := newHost(t)
		h.restore("iptables-"+mode, rules("filter", "A", 3)...)
		for _, applet := range []string{"iptables", "ip6tables-save", "iptables-restore"} {
			if got := h.version(applet); got != mode {
				t.Errorf("%s: got %s, want %s", applet, got, mode)
			}
			for _, name := range applets() {
				if h.pinned(name) {
					t.Errorf("%s: %s was pinned", applet, name)
				}
			}
		}
	}
}

// TestWait runs `detect --wait`: with a kubelet chain that appears, with one that does not, and with rules of other
// programs.
func TestWait(t *testing.T) {
	h := newHost(t)
	const late = "iptables-wrapper: detect: no kubelet chain after 300ms" +
		": is kubelet running, with iptables in its PATH? On a host without kubelet, do not use --wait\n"
	argv := []string{"/usr/sbin/iptables-wrapper", "detect", "--output=json", "--wait", "300ms"}
	if r := h.do(call{argv: argv}); r.status.ExitStatus() != 1 || r.stderr != late {
		t.Errorf("nothing to wait for: %+v", r)
	}
	h.restore("iptables-nft", rules("filter", "OTHERS", 5)...)
	if r := h.do(call{argv: argv}); r.status.ExitStatus() != 1 || r.stderr != late || !strings.Contains(r.stdout, `"reason":"more-rules"`) {
		t.Errorf("rules of others: %+v", r)
	}
	argv[4] = "1m"
	cmd := h.command(call{argv: argv})
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), `"mode":"legacy","reason":"kubelet-chain"`) {
		t.Errorf("%v, %s", err, out.String())
	}
	// The override cannot change, so detect does not wait.
	argv[4] = "1ms"
	h.must(call{argv: argv, env: []string{"IPTABLES_WRAPPER_MODE=nft"}})
}
