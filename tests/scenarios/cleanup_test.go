package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
)

// procedure returns the lines of a block of docs/troubleshooting.md that a test runs, for the given mode.
func procedure(t *testing.T, name, mode string) []string {
	t.Helper()
	for _, page := range strings.Fields(needs.Variable(t, "PAGES")) {
		if filepath.Base(page) != "troubleshooting.md" {
			continue
		}
		for _, file := range pages.Files(t, page, "sh") {
			if file.Comment == "tried: "+name {
				return strings.Split(strings.TrimSpace(strings.Replace(file.Text, "m=legacy\n", "m="+mode+"\n", 1)), "\n")
			}
		}
	}
	t.Fatalf("docs/troubleshooting.md: no block with the comment %q", "tried: "+name)
	return nil
}

// split creates kubelet's chain in one mode and a firewall in the other, with some but not all tables of each family.
func (h *host) split(right, wrong string) {
	h.t.Helper()
	h.restore("iptables-"+right, rules("mangle", hint, 0)...)
	h.restore("iptables-"+right, rules("nat", "KUBE-SERVICES", 2)...)
	h.restore("iptables-"+wrong, firewall(false, "filter", "mangle", "nat", "raw", "security")...)
	h.restore("ip6tables-"+wrong, firewall(true, "filter", "mangle", "nat")...)
}

var (
	counters = regexp.MustCompile(`\[\d+:\d+\]`)
	remark   = regexp.MustCompile(`(?m)^#.*\n`)
)

// ruleset returns all rules of one mode, without counters.
func (h *host) ruleset(mode string) string {
	h.t.Helper()
	saved := h.run("/usr/sbin/iptables-"+mode+"-save") + "IPv6\n" + h.run("/usr/sbin/ip6tables-"+mode+"-save")
	return counters.ReplaceAllString(remark.ReplaceAllString(saved, ""), "[]")
}

// tables returns the existing tables of both modes.
func (h *host) tables() []string {
	h.t.Helper()
	var all []string
	for line := range strings.Lines(h.snapshot()) {
		if !strings.HasPrefix(line, "chain ") {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}

var otherMode = map[string]string{"nft": "legacy", "legacy": "nft"}

// TestCleanup runs the page's commands on a split node. They must clear the wrong mode and keep each connection, and
// the page's way to undo them must work.
func TestCleanup(t *testing.T) {
	for wrong, right := range otherMode {
		t.Run(wrong, func(t *testing.T) {
			h := newHost(t)
			c := h.connect()
			h.split(right, wrong)
			c.exchange("the firewall")
			tables, before, kubelet := h.tables(), h.ruleset(wrong), h.ruleset(right)
			if r := h.do(call{argv: []string{"/usr/sbin/iptables-wrapper", "detect", "--check"}}); r.status.ExitStatus() != 3 {
				t.Fatalf("the node is not split: %+v", r)
			}

			s := h.shell()
			for _, line := range procedure(t, "clear the wrong mode", wrong) {
				t.Logf("$ %s\n%s", line, s.enter(line))
				c.exchange(line)
			}
			if after := h.ruleset(wrong); strings.Contains(after, "\n-A ") || strings.Contains(after, " - []") || strings.Contains(after, " DROP ") {
				t.Errorf("left in %s:\n%s", wrong, after)
			}
			if after := h.ruleset(right); after != kubelet {
				t.Errorf("%s was\n%s\nand is\n%s", right, kubelet, after)
			}
			if after := h.tables(); !slices.Equal(after, tables) {
				t.Errorf("tables were\n%s\nand are\n%s", tables, after)
			}
			h.run("/usr/sbin/iptables-wrapper", "detect", "--check")
			for _, family := range []string{"iptables", "ip6tables"} {
				backups, err := filepath.Glob(h.root + "/root/iptables-" + wrong + "-*/" + family)
				if err != nil || len(backups) != 1 {
					t.Fatalf("backups of %s: %q, %v", family, backups, err)
				}
			}

			s = h.shell()
			for _, line := range procedure(t, "undo", wrong) {
				if printed := s.enter(line); printed != "" {
					t.Errorf("$ %s\n%s", line, printed)
				}
				c.exchange(line)
			}
			if after := h.ruleset(wrong); after != before {
				t.Errorf("the ruleset was\n%s\nand after the undo it is\n%s", before, after)
			}
		})
	}
}

// On a host without rules, the commands must create nothing.
func TestCleanupWithoutRules(t *testing.T) {
	for mode := range otherMode {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			before := h.snapshot()
			s := h.shell()
			for _, name := range []string{"clear the wrong mode", "undo"} {
				for _, line := range procedure(t, name, mode) {
					if printed := s.enter(line); printed != "" && !strings.HasPrefix(printed, "total ") { // what ls prints
						t.Errorf("$ %s\n%s", line, printed)
					}
				}
			}
			if after := h.snapshot(); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

// If the backup cannot be written, the commands must change nothing.
func TestCleanupWithoutBackup(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *host){
		"read-only directory": func(t *testing.T, h *host) {
			mount(t, "tmpfs", h.root+"/root", "tmpfs", unix.MS_RDONLY)
		},
		"full disk": func(t *testing.T, h *host) {
			mount(t, "tmpfs", h.root+"/root", "tmpfs", 0)
			if err := unix.Mount("", h.root+"/root", "", unix.MS_REMOUNT, "size=4096"); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(h.root+"/root/full", make([]byte, 4096), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"no permission to read the rules": func(t *testing.T, _ *host) { dropCapabilities(t, unix.CAP_NET_ADMIN) },
	} {
		for wrong, right := range otherMode {
			t.Run(name+", "+wrong, func(t *testing.T) {
				h := newHost(t)
				h.split(right, wrong)
				before := h.snapshot()
				spoil(t, h)
				s := h.shell()
				for _, line := range procedure(t, "clear the wrong mode", wrong) {
					t.Logf("$ %s\n%s", line, s.enter(line))
				}
				if after := h.snapshot(); after != before {
					t.Errorf("before:\n%s\nafter:\n%s", before, after)
				}
			})
		}
	}
}
