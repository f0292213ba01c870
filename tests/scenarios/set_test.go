package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// wrapper runs the command line of the installed wrapper.
func (h *host) wrapper(args ...string) result {
	h.t.Helper()
	return h.do(call{argv: append([]string{"/usr/sbin/iptables-wrapper"}, args...)})
}

// selected returns the status and the value of a group in the alternatives database.
func (h *host) selected(group string) string {
	h.t.Helper()
	var status, value string
	for line := range strings.Lines(h.run("/usr/bin/update-alternatives", "--query", group)) {
		if text, found := strings.CutPrefix(line, "Status: "); found {
			status = strings.TrimSpace(text)
		}
		if text, found := strings.CutPrefix(line, "Value: "); found {
			value = strings.TrimSpace(text)
		}
	}
	return status + " " + value
}

// expectSelected checks the status and binary of both groups in the database, and where the symlinks lead.
func (h *host) expectSelected(status, binary, links string) {
	h.t.Helper()
	for _, group := range []string{"iptables", "ip6tables"} {
		want := status + " /usr/sbin/" + strings.Replace(binary, "iptables-", group+"-", 1)
		if binary == "iptables-wrapper" {
			want = status + " /usr/sbin/iptables-wrapper"
		}
		if got := h.selected(group); got != want {
			h.t.Errorf("%s: %s, want %s", group, got, want)
		}
	}
	if got := h.inspect().Links; got != links {
		h.t.Errorf("links: %s, want %s", got, links)
	}
}

// TestSet pins manually to each mode, from each state, without any rules.
func TestSet(t *testing.T) {
	h := newHost(t)
	for _, mode := range []string{"legacy", "nft", "nft", "legacy"} {
		if r := h.wrapper("set", mode); r.status != 0 || r.stdout+r.stderr != "" {
			t.Fatalf("set %s: %+v", mode, r)
		}
		h.expectSelected("manual", "iptables-"+mode, "pinned to "+mode)
		for _, applet := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
			if got := h.version(applet); got != mode {
				t.Errorf("%s: %s, want %s", applet, got, mode)
			}
		}
	}
	for range 2 {
		if r := h.wrapper("set", "auto"); r.status != 0 || r.stdout+r.stderr != "" {
			t.Fatalf("set auto: %+v", r)
		}
		h.expectSelected("auto", "iptables-wrapper", "wrapper")
	}
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	h.run("/usr/sbin/iptables", "-S")
	h.expectSelected("manual", "iptables-legacy", "pinned to legacy")
}

// TestSetIsUpdateAlternatives compares a root that the wrapper has changed with one that update-alternatives has
// changed.
func TestSetIsUpdateAlternatives(t *testing.T) {
	h := newHost(t)
	state := func() string {
		var b strings.Builder
		for _, group := range []string{"iptables", "ip6tables"} {
			text, err := os.ReadFile(filepath.Join(h.root, "var/lib/dpkg/alternatives", group))
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
			for _, verb := range []string{"", "-save", "-restore"} {
				target, err := os.Readlink(filepath.Join(h.root, "etc/alternatives", group+verb))
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "%s%s -> %s\n", group, verb, target)
			}
		}
		return b.String()
	}
	for _, mode := range []string{"legacy", "nft"} {
		h.run("/usr/bin/update-alternatives", "--set", "iptables", "/usr/sbin/iptables-"+mode)
		h.run("/usr/bin/update-alternatives", "--set", "ip6tables", "/usr/sbin/ip6tables-"+mode)
		want := state()
		h.install()
		if r := h.wrapper("set", mode); r.status != 0 {
			t.Fatalf("%+v", r)
		}
		if got := state(); got != want {
			t.Errorf("set %s:\n%s\nupdate-alternatives --set:\n%s", mode, got, want)
		}
	}
}

// TestSetDetected checks that `set detected` pins what a call would choose, for each reason, and prints it.
func TestSetDetected(t *testing.T) {
	h := newHost(t)
	for _, row := range []struct {
		state func()
		mode  string
	}{
		{func() {}, "nft"}, // a guess
		{func() { h.restore("iptables-legacy", rules("filter", "A", 1)...) }, "legacy"}, // more rules
		{func() { h.restore("ip6tables-nft", rules6("mangle", canary, 0)...) }, "nft"},  // a kubelet chain
	} {
		row.state()
		if r := h.wrapper("set", "detected"); r.status != 0 || r.stdout != row.mode+"\n" || r.stderr != "" {
			t.Fatalf("want %s, got %+v", row.mode, r)
		}
		h.expectSelected("manual", "iptables-"+row.mode, "pinned to "+row.mode)
		if got := h.version("ip6tables-restore"); got != row.mode {
			t.Errorf("a call: %s, want %s", got, row.mode)
		}
	}
	out := h.must(call{argv: []string{"/usr/sbin/iptables-wrapper", "set", "detected"}, env: []string{"IPTABLES_WRAPPER_MODE=legacy"}})
	if out != "legacy\n" || h.version("iptables") != "legacy" {
		t.Errorf("with an override: %q, %s", out, h.version("iptables"))
	}
}

// TestRestartOnAnotherHost restarts a container with the same root file system after the host has changed to the other
// mode.
func TestRestartOnAnotherHost(t *testing.T) {
	h := newHost(t)
	entrypoint := []string{"/bin/sh", "-c", "iptables-wrapper set auto && exec iptables -V"}
	h.restore("iptables-nft", rules("mangle", hint, 0)...)
	if out := h.run(entrypoint...); !strings.Contains(out, "(nf_tables)") || !h.pinned("iptables") {
		t.Fatalf("first: %q, pinned %v", out, h.pinned("iptables"))
	}
	h.run("/usr/sbin/iptables-nft", "-t", "mangle", "-X", hint)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	if got := h.version("iptables"); got != "nft" {
		t.Fatalf("a pin does not survive its host: %s", got)
	}
	if out := h.run(entrypoint...); !strings.Contains(out, "(legacy)") || !h.pinned("iptables") {
		t.Errorf("restarted: %q, pinned %v", out, h.pinned("iptables"))
	}
}

// TestSetInReadOnlyRoot checks that set fails if it has to change a file, and prints a remedy.
func TestSetInReadOnlyRoot(t *testing.T) {
	h := newHost(t)
	h.run("/usr/sbin/iptables-wrapper", "set", "nft")
	h.readOnly()
	if r := h.wrapper("set", "nft"); r.status != 0 || r.stderr != "" {
		t.Errorf("nothing to change: %+v", r)
	}
	const want = "iptables-wrapper: set legacy: write in /etc/alternatives: permission denied: " +
		"run it as root on a writable file system, or set IPTABLES_WRAPPER_MODE instead\n"
	if r := h.wrapper("set", "legacy"); r.status.ExitStatus() != 1 || r.stderr != want {
		t.Errorf("%+v, want %q", r, want)
	}
	if r := h.wrapper("set", "auto"); r.status.ExitStatus() != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "read-only file system") {
		t.Errorf("set auto: %+v", r)
	}
	h.expectSelected("manual", "iptables-nft", "pinned to nft")
}

// TestSetAsUser checks that set fails for a user without write permission, and changes nothing.
func TestSetAsUser(t *testing.T) {
	h := newHost(t)
	h.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	for _, argument := range []string{"nft", "legacy", "detected", "auto"} {
		r := h.wrapper("set", argument)
		if argument == "auto" { // nothing to change
			if r.status != 0 || r.stderr != "" {
				t.Errorf("set auto: %+v", r)
			}
			continue
		}
		if r.status.ExitStatus() != 1 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "permission denied: run it as root") {
			t.Errorf("set %s: %+v", argument, r)
		}
	}
	if h.pinned("iptables") {
		t.Error("pinned")
	}
}

// TestSetRefuses checks that set refuses a mode that is not installed.
func TestSetRefuses(t *testing.T) {
	h := newHost(t)
	if err := os.Link(h.root+"/usr/sbin/iptables-wrapper", h.root+"/opt/copy"); errors.Is(err, os.ErrNotExist) {
		err = errors.Join(os.Mkdir(h.root+"/opt", 0o755), os.Link(h.root+"/usr/sbin/iptables-wrapper", h.root+"/opt/copy"))
		if err != nil {
			t.Fatal(err)
		}
	}
	refuse := func(argument, message string) {
		t.Helper()
		h.expectRefusal(h.do(call{path: "/opt/copy", argv: []string{"iptables-wrapper", "set", argument}}), 1, "iptables-wrapper: "+message+"\n")
	}
	h.remove("xtables-legacy-multi", "iptables-legacy")
	refuse("legacy", "set legacy: that mode is not installed, only nft is: install it in this image")
	h.remove("iptables-wrapper")
	refuse("nft", "set: /usr/sbin/iptables-wrapper does not exist: run iptables-wrapper install first")
	refuse("auto", "set: /usr/sbin/iptables-wrapper does not exist: run iptables-wrapper install first")
	h.remove("xtables-nft-multi", "iptables-nft")
	refuse("detected", "set: no xtables-nft-multi, xtables-legacy-multi, iptables-nft or iptables-legacy: "+
		"install iptables, then run iptables-wrapper install")
}

// TestSetBesideCalls changes the pin while calls run. Each call must work.
func TestSetBesideCalls(t *testing.T) {
	const calls, sets = 150, 12
	h := newHost(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	done := h.inThread(func() error {
		for range calls {
			for _, applet := range []string{"iptables", "ip6tables-save"} {
				if r := h.do(call{argv: []string{"/usr/sbin/" + applet, "-V"}}); r.status != 0 || r.stderr != "" {
					return fmt.Errorf("%s: %+v", applet, r)
				}
			}
		}
		return nil
	})
	for range sets {
		for _, argument := range []string{"nft", "auto", "legacy", "auto"} {
			if r := h.wrapper("set", argument); r.status != 0 {
				t.Errorf("set %s: %+v", argument, r)
			}
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	h.run("/usr/sbin/iptables-wrapper", "set", "legacy")
	h.expectSelected("manual", "iptables-legacy", "pinned to legacy")
}
