package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// marked reports whether the mark of a guess is in the container's root file system.
func (h *host) marked() bool {
	h.t.Helper()
	_, err := os.Lstat(filepath.Join(h.root, "usr/sbin/.iptables-wrapper.guessed"))
	if err != nil && !os.IsNotExist(err) {
		h.t.Fatal(err)
	}
	return err == nil
}

// expect calls an applet and checks what it was, whether it is pinned now, and whether a guess is remembered.
func (h *host) expect(when, mode string, pinned, marked bool) {
	h.t.Helper()
	if got := h.version("iptables"); got != mode || h.pinned("iptables") != pinned || h.marked() != marked {
		h.t.Errorf("%s: %s, pinned %v, marked %v; want %s, %v, %v", when, got, h.pinned("iptables"), h.marked(), mode, pinned, marked)
	}
}

// TestGuess is an agent that starts on an empty host: its own rules confirm no guess of its own, kubelet's chain decides.
func TestGuess(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		{ // not t.Run: its goroutine would have another thread's namespaces
			h := newHost(t)
			h.expect("on an empty host", "nft", false, true)
			h.run("/usr/sbin/iptables", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
			h.expect("with a rule of its own", "nft", false, true)
			if got, want := h.detect(), (decision{"nft", "more-rules", false}); got != want {
				t.Errorf("detect: got %+v, want %+v", got, want)
			}
			// Somebody else's, and more of them: decided for, but the next call may find its own rules in the balance.
			h.restore("iptables-legacy", rules("filter", "A", 3)...)
			h.expect("with more rules in legacy", "legacy", false, true)
			h.restore("ip6tables-"+mode, rules6("mangle", hint, 0)...)
			h.expect("with kubelet's chain", mode, true, false)
			h.install()
			h.expect("installed again", mode, true, false)
		}
	}
}

// TestGuessAndInstall takes the mark away by installing again.
func TestGuessAndInstall(t *testing.T) {
	h := newHost(t)
	h.expect("on an empty host", "nft", false, true)
	h.install()
	if h.marked() {
		t.Error("install left the mark of a guess")
	}
	h.restore("iptables-legacy", rules("filter", "A", 1)...)
	h.expect("with legacy rules", "legacy", true, false)
}

// TestGuessInReadOnlyRoot has no place for a mark, and nothing can be pinned either.
func TestGuessInReadOnlyRoot(t *testing.T) {
	h := newHost(t)
	h.readOnly()
	h.expect("on an empty host", "nft", false, false)
	h.run("/usr/sbin/iptables", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
	h.expect("with a rule of its own", "nft", false, false)
	if got, want := h.detect(), (decision{"nft", "more-rules", false}); got != want {
		t.Errorf("detect: got %+v, want %+v", got, want)
	}
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	h.expect("with kubelet's chain", "legacy", false, false)
}

// TestWait lets detect wait for kubelet's chain: for one that comes, for one that does not, and beside others' rules.
func TestWait(t *testing.T) {
	h := newHost(t)
	const late = "iptables-wrapper: detect: no chain of kubelet's after 300ms" +
		": is kubelet running, and with iptables in its PATH? (without kubelet, do not wait)\n"
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
	// A mode that somebody has said will not change.
	argv[4] = "1ms"
	h.must(call{argv: argv, env: []string{"IPTABLES_WRAPPER_MODE=nft"}})
}
