package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// status contains detect's output about the installation.
type status struct {
	Mode, Reason, Links string
	Pin, Conflict       bool
	Problems            []string
}

func (h *host) inspect(env ...string) status {
	h.t.Helper()
	out := h.must(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--output", "json"}, env: env})
	var s status
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		h.t.Fatalf("detect: %v: %s", err, out)
	}
	return s
}

// expectProblems checks everything that detect prints about problems: the first lines of the text, the JSON, and the
// exit status of --check.
func (h *host) expectProblems(env []string, ids ...string) {
	h.t.Helper()
	if got := h.inspect(env...).Problems; !slices.Equal(got, ids) {
		h.t.Errorf("problems %q, want %q", got, ids)
	}
	want := 0
	if len(ids) > 0 {
		want = 3
	}
	r := h.do(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--check"}, env: env})
	if r.status.ExitStatus() != want || r.stderr != "" {
		h.t.Errorf("--check: status %d, stderr %q; want %d", r.status.ExitStatus(), r.stderr, want)
	}
	lines := strings.Split(r.stdout, "\n")
	for i, id := range ids {
		if !strings.HasPrefix(lines[i], id+": ") {
			h.t.Errorf("line %d: %q, want %s", i, lines[i], id)
		}
	}
	if r := h.do(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect"}, env: env}); r.status != 0 {
		h.t.Errorf("without --check: %+v", r)
	}
}

// TestProblemPinned runs a container that is pinned to one mode on a host whose kubelet uses the other.
func TestProblemPinned(t *testing.T) {
	for _, mode := range []string{"nft", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			other := map[string]string{"nft": "legacy", "legacy": "nft"}[mode]
			h.run("/usr/sbin/iptables-wrapper", "set", mode)
			h.restore("ip6tables-"+other, rules6("filter", "A", 3)...)
			h.expectProblems(nil) // rules alone do not contradict a pin
			h.run("/usr/sbin/ip6tables-"+other, "-F")
			h.run("/usr/sbin/ip6tables-"+other, "-X")
			h.restore("ip6tables-"+other, rules6("mangle", canary, 0)...)
			h.expectProblems(nil, "pinned-to-other-mode")
			if s := h.inspect(); s.Mode != other || s.Pin || s.Links != "pinned to "+mode {
				t.Errorf("%+v", s)
			}
			h.run("/usr/sbin/iptables-wrapper", "set", "auto")
			h.expectProblems(nil)
			h.run("/usr/sbin/iptables", "-S")
			h.expectProblems(nil)
			if s := h.inspect(); s.Mode != other || !s.Pin || s.Links != "pinned to "+other {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestProblemOverride sets an override that contradicts a pin, and one that contradicts a kubelet chain.
func TestProblemOverride(t *testing.T) {
	h := newHost(t)
	nft, legacy := []string{"IPTABLES_WRAPPER_MODE=nft"}, []string{"IPTABLES_WRAPPER_MODE=legacy"}
	h.expectProblems(nft)
	h.run("/usr/sbin/iptables-wrapper", "set", "legacy")
	h.expectProblems(nft, "override-without-effect")
	h.expectProblems(legacy)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	h.expectProblems(nft, "override-contradicts", "override-without-effect")
	h.expectProblems(legacy)
	h.run("/usr/sbin/iptables-wrapper", "set", "auto")
	h.expectProblems(nft, "override-contradicts")
}

// TestProblemSplit has rules in both modes.
func TestProblemSplit(t *testing.T) {
	h := newHost(t)
	h.restore("iptables-legacy", rules("filter", "A", 3)...)
	h.expectProblems(nil)
	h.restore("ip6tables-nft", rules6("nat", "A", 3)...)
	h.expectProblems(nil, "split-node")
	if !h.inspect().Conflict {
		t.Error("no conflict")
	}
}

// TestProblemNotInstalled runs an image with only nft on a host whose kubelet uses legacy.
func TestProblemNotInstalled(t *testing.T) {
	h := newHost(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	h.remove("xtables-legacy-multi", "iptables-legacy")
	h.expectProblems(nil, "mode-not-installed")
}

// TestProblemHidden puts another iptables first in PATH.
func TestProblemHidden(t *testing.T) {
	h := newHost(t)
	h.expectProblems(nil)
	if err := os.MkdirAll(filepath.Join(h.root, "usr/local/sbin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../sbin/xtables-nft-multi", filepath.Join(h.root, "usr/local/sbin/ip6tables-save")); err != nil {
		t.Fatal(err)
	}
	for path, ids := range map[string][]string{
		"/usr/local/sbin:/usr/sbin": {"hidden-by-path"},
		"":                          {"hidden-by-path"}, // the usual PATH
		"/usr/sbin:/usr/local/sbin": nil,
		"/sbin:/usr/local/sbin":     nil,
		"/usr/local/sbin":           nil, // the wrapper is not in PATH
	} {
		r := h.do(call{argv: []string{"/usr/bin/env", "PATH=" + path, "/usr/sbin/iptables-wrapper", "detect", "--check", "--output", "json"}})
		var s status
		if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
			t.Fatalf("%v: %+v", err, r)
		}
		if !slices.Equal(s.Problems, ids) || r.status.ExitStatus() != 3*len(ids) {
			t.Errorf("PATH=%s: %q, status %d", path, s.Problems, r.status.ExitStatus())
		}
	}
}

// TestSecondCopy runs detect from a copy in another directory. It must describe the installed wrapper.
func TestSecondCopy(t *testing.T) {
	h := newHost(t)
	for _, name := range []string{"/iptables-wrapper", "/tmp/iptables-wrapper"} {
		if err := os.Link(h.root+"/usr/sbin/iptables-wrapper", h.root+name); err != nil {
			t.Fatal(err)
		}
	}
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	for _, links := range []string{"wrapper", "pinned to legacy"} {
		want := h.run("/usr/sbin/iptables-wrapper", "detect")
		if !strings.Contains(want, "\nlinks:     "+links+"\n") || !strings.Contains(want, "\npin:       yes\n") {
			t.Fatalf("want links %s:\n%s", links, want)
		}
		for _, name := range []string{"/iptables-wrapper", "/tmp/iptables-wrapper"} {
			if got := h.run(name, "detect"); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
			}
		}
		h.run("/usr/sbin/iptables", "-S")
	}
	h.remove("iptables-wrapper")
	if got := h.run("/iptables-wrapper", "detect"); !strings.Contains(got, "\nlinks:     not installed\n") || !strings.Contains(got, "\npin:       no (no wrapper is installed)\n") {
		t.Errorf("not installed:\n%s", got)
	}
}

// TestCannotPin has a final decision, but the wrapper cannot pin it.
func TestCannotPin(t *testing.T) {
	const final = "\nreason:    kubelet-chain "
	for name, row := range map[string]struct {
		change func(*host)
		why    string
	}{
		"no entry in the database": {func(h *host) {
			h.run("/usr/bin/update-alternatives", "--remove", "iptables", "/usr/sbin/iptables-legacy")
		}, "/var/lib/dpkg/alternatives/iptables: no alternative for mode legacy in /usr/sbin"},
		"read-only": {(*host).readOnly, "write in /var/lib/dpkg/alternatives: permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.restore("iptables-legacy", rules("mangle", hint, 0)...)
			row.change(h)
			got := h.run("/usr/sbin/iptables-wrapper", "detect")
			if !strings.Contains(got, final) || !strings.Contains(got, "\npin:       no ("+row.why+")\n") {
				t.Errorf("want %s:\n%s", row.why, got)
			}
			if s := h.inspect(); s.Pin || len(s.Problems) > 0 {
				t.Errorf("%+v", s)
			}
			if got := h.version("iptables"); got != "legacy" || h.pinned("iptables") {
				t.Errorf("%s, pinned %v", got, h.pinned("iptables"))
			}
		})
	}
}

// TestCheckIncomplete runs --check as a user with CAP_NET_ADMIN only, who can see nft but not legacy. The result is
// neither a problem nor success.
func TestCheckIncomplete(t *testing.T) {
	h := newHost(t)
	h.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	h.attr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN}
	r := h.wrapper("detect", "--check")
	const want = "iptables-wrapper: detect: --check: not everything could be read (the notes say why): " +
		"run it in the host's network namespace with CAP_NET_ADMIN\n"
	if r.status.ExitStatus() != 1 || r.stderr != want || !strings.Contains(r.stdout, "note on legacy: ") || strings.Contains(r.stdout, "note on nft: ") {
		t.Errorf("%+v", r)
	}
}

// TestModeWord checks that one word is printed.
func TestModeWord(t *testing.T) {
	h := newHost(t)
	for _, mode := range []string{"nft", "legacy"} {
		if out := h.run("/usr/sbin/iptables-wrapper", "detect", "--output", "mode"); out != mode+"\n" {
			t.Errorf("%q, want %s", out, mode)
		}
		h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	}
}
