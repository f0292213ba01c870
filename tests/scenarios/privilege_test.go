package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// dropCapabilities removes capabilities from the processes that this thread starts. Without caps it removes all.
func dropCapabilities(t *testing.T, caps ...int) {
	t.Helper()
	if len(caps) == 0 {
		for c := range unix.CAP_LAST_CAP + 1 {
			caps = append(caps, c)
		}
	}
	for _, c := range caps {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil {
			t.Fatalf("drop capability %d: %v", c, err)
		}
	}
}

// expectGuess checks that a call works, that the wrapper prints nothing, and that it does not pin.
func (h *host) expectGuess(mode string) {
	h.t.Helper()
	for range 2 {
		r := h.do(call{argv: []string{"/usr/sbin/iptables", "-V"}})
		want := map[string]string{"nft": "(nf_tables)\n", "legacy": "(legacy)\n"}[mode]
		if r.status != 0 || !strings.HasSuffix(r.stdout, want) || r.stderr != "" {
			h.t.Errorf("got %+v, want %s and no more", r, want)
		}
		if h.pinned("iptables") {
			h.t.Error("a guess was pinned")
		}
	}
}

// Without the privilege to see the existing rules, the wrapper guesses and does not fail.
func TestLackOfPrivilege(t *testing.T) {
	for name, drop := range map[string]func(*testing.T, *host){
		"no CAP_NET_ADMIN": hosts["no CAP_NET_ADMIN"],
		"no capabilities":  func(t *testing.T, _ *host) { dropCapabilities(t) },
		"plain user": func(_ *testing.T, h *host) {
			h.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		},
		"user namespace": hosts["user namespace"],
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.restore("iptables-legacy", rules("mangle", hint, 0)...)
			drop(t, h)
			if got, want := h.detect(), (decision{"nft", "default", false}); got != want {
				t.Errorf("detect: got %+v, want %+v", got, want)
			}
			text := h.run("/usr/sbin/iptables-wrapper", "detect")
			for _, line := range []string{hint + " ip +unknown +unknown\n", "rules +unknown +unknown\n", "note on nft: ", "note on legacy: "} {
				if !regexp.MustCompile(line).MatchString(text) {
					t.Errorf("detect lacks %q:\n%s", line, text)
				}
			}
			h.expectGuess("nft")
		})
	}
}

// A user namespace that owns its network namespace can see everything except the list of legacy tables.
func TestOwnUserNamespace(t *testing.T) {
	h := newHost(t)
	if _, err := os.Stat(h.root + "/bin/sh"); err != nil {
		t.Fatalf("the image has no shell to run two commands in one user namespace: %v", err)
	}
	hosts["rootless with a separate network"](t, h)
	if got, want := h.detect(), (decision{"nft", "default", false}); got != want {
		t.Errorf("empty: got %+v, want %+v", got, want)
	}
	script := "iptables-nft -A INPUT -j ACCEPT && iptables-wrapper detect --output json && " +
		"ip6tables-nft -t mangle -N " + canary + " && iptables-wrapper detect"
	out := h.run("/bin/sh", "-c", script)
	for _, text := range []string{
		`{"mode":"nft","reason":"more-rules","pin":false,`,                                                           // there may be a legacy hint
		"\nreason:    kubelet-chain (", "\npin:       no (write in /var/lib/dpkg/alternatives: permission denied)\n", // final, but not writable
	} {
		if !strings.Contains(out, text) {
			t.Errorf("detect lacks %q:\n%s", text, out)
		}
	}
}

func TestReadOnlyRoot(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			h.restore("ip6tables-"+mode, rules("mangle", hint, 0)...)
			h.readOnly()
			if got, want := h.detect(), (decision{mode, "kubelet-chain", false}); got != want { // no symlink can be repointed
				t.Errorf("detect: got %+v, want %+v", got, want)
			}
			h.expectGuess(mode)
			h.run("/usr/sbin/iptables", "-A", "OUTPUT", "-j", "ACCEPT")
			if out := h.run("/usr/sbin/iptables-"+mode, "-S", "OUTPUT"); !strings.Contains(out, "-A OUTPUT -j ACCEPT") {
				t.Errorf("the rule is not there: %s", out)
			}
		})
	}
}

func TestWithoutProc(t *testing.T) {
	t.Run("nft hint", func(t *testing.T) {
		h := newHostWithoutProc(t)
		h.restore("iptables-nft", rules("mangle", hint, 0)...)
		if got, want := h.detect(), (decision{"nft", "default", false}); got != want {
			t.Errorf("detect, which asks nothing that might load a module: got %+v, want %+v", got, want)
		}
		if got := h.version("iptables"); got != "nft" || !h.pinned("ip6tables-save") {
			t.Errorf("got %s, pinned %v, want nft, pinned", got, h.pinned("ip6tables-save"))
		}
	})
	t.Run("nft rules", func(t *testing.T) { // and perhaps a legacy hint
		h := newHostWithoutProc(t)
		h.restore("iptables-nft", rules("filter", "A", 1)...)
		h.expectGuess("nft")
	})
	t.Run("legacy hint", func(t *testing.T) {
		h := newHostWithoutProc(t)
		h.restore("iptables-legacy", rules("mangle", hint, 0)...)
		if got, want := h.detect(), (decision{"nft", "default", false}); got != want {
			t.Errorf("detect: got %+v, want %+v", got, want)
		}
		h.expectGuess("nft")
	})
	t.Run("relative path", func(t *testing.T) {
		h := newHostWithoutProc(t)
		cmd := h.command(call{path: "sbin/iptables", argv: []string{"iptables", "-V"}})
		cmd.Dir = "/usr"
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "(nf_tables)") {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// A wrapper in another directory than /usr/sbin searches its own directory first.
func TestOwnDirectory(t *testing.T) {
	h := newHost(t)
	for _, dir := range []string{"opt", "opt/xtables"} {
		if err := os.Mkdir(filepath.Join(h.root, dir), 0o755); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"iptables-wrapper", "xtables-legacy-multi"} {
		if err := os.Link(h.root+"/usr/sbin/"+name, h.root+"/opt/xtables/"+name); err != nil {
			t.Fatal(err)
		}
	}
	h.remove("xtables-legacy-multi", "iptables-legacy")
	h.restore("iptables-nft", rules("filter", "A", 1)...)
	env := []string{"IPTABLES_WRAPPER_MODE=legacy"}
	out := h.must(call{path: "/opt/xtables/iptables-wrapper", argv: []string{"iptables", "-V"}, env: env})
	if !strings.Contains(out, "(legacy)") {
		t.Errorf("got %q, want legacy", out)
	}
}
