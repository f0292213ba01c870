package scenarios

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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

// shell is one shell in the container, as an engineer uses it: variables that one line sets are visible to the next.
type shell struct {
	h      *host
	stdin  io.Writer
	output *bufio.Reader
}

func (h *host) shell() *shell {
	h.t.Helper()
	cmd := h.command(call{argv: []string{"/bin/sh"}})
	stdin, err := cmd.StdinPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			h.t.Errorf("the shell: %v", err)
		}
	})
	return &shell{h, stdin, bufio.NewReader(stdout)}
}

// enter runs a line and returns its output.
func (s *shell) enter(line string) string {
	s.h.t.Helper()
	const end = "end of the line\n"
	if _, err := fmt.Fprintf(s.stdin, "%s\necho end of the line\n", line); err != nil {
		s.h.t.Fatal(err)
	}
	var printed strings.Builder
	for {
		text, err := s.output.ReadString('\n')
		if err != nil {
			s.h.t.Fatalf("%s: the shell ended: %v\n%s%s", line, err, printed.String(), text)
		}
		if text == end {
			return printed.String()
		}
		printed.WriteString(text)
	}
}

// connections are TCP connections into the host, one in each family. They represent an ssh session.
type connections struct {
	t     *testing.T
	pairs [][2]net.Conn
}

const sshPort = "22"

// connect opens the connections from a client on the host's network.
func (h *host) connect() connections {
	h.t.Helper()
	within := h.addClient()
	c := connections{t: h.t}
	for _, address := range hostAddresses {
		at := net.JoinHostPort(address.Addr().String(), sshPort)
		listener, err := net.Listen("tcp", at)
		if err != nil {
			h.t.Fatal(err)
		}
		defer listener.Close()
		var client net.Conn
		within(func() { client, err = net.DialTimeout("tcp", at, 5*time.Second) })
		if err != nil {
			h.t.Fatal(err)
		}
		server, err := listener.Accept()
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { client.Close(); server.Close() })
		c.pairs = append(c.pairs, [2]net.Conn{client, server})
	}
	return c
}

// exchange sends bytes both ways over each connection.
func (c connections) exchange(after string) {
	c.t.Helper()
	for _, pair := range c.pairs {
		for i, from := range pair {
			to := pair[1-i]
			deadline := time.Now().Add(10 * time.Second)
			if err := to.SetDeadline(deadline); err != nil {
				c.t.Fatal(err)
			}
			got := make([]byte, len(after))
			if _, err := io.WriteString(from, after); err != nil {
				c.t.Fatalf("the connection from %v is lost after\n%s\n%v", from.LocalAddr(), after, err)
			}
			if n, err := io.ReadFull(to, got); err != nil || string(got) != after {
				c.t.Fatalf("the connection from %v is lost after\n%s\n%q, %v", from.LocalAddr(), after, got[:n], err)
			}
		}
	}
}

// firewall returns rules of one family that drop everything except the connections, in every table that can drop. If
// rules are removed before the policies are opened, or if a policy stays, the connections break.
func firewall(v6 bool, tables ...string) []string {
	var lines []string
	for _, table := range tables {
		lines = append(lines, "*"+table)
		chains := map[string][]string{
			"filter": {"INPUT", "FORWARD", "OUTPUT"}, "security": {"INPUT", "FORWARD", "OUTPUT"}, "raw": {"PREROUTING", "OUTPUT"},
			"mangle": {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"},
		}[table]
		for _, chain := range chains {
			lines = append(lines, ":"+chain+" DROP [0:0]")
		}
		lines = append(lines, ":TO-SSH - [0:0]", ":UNUSED - [0:0]")
		if table == "nat" { // has no policy but ACCEPT
			lines = append(lines, "-A PREROUTING -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports "+sshPort, "-A TO-SSH -j ACCEPT", "COMMIT")
			continue
		}
		lines = append(lines, "-A TO-SSH -p tcp -m tcp --dport "+sshPort+" -j ACCEPT", "-A TO-SSH -p tcp -m tcp --sport "+sshPort+" -j ACCEPT")
		if v6 {
			lines = append(lines, "-A TO-SSH -p ipv6-icmp -j ACCEPT") // neighbours ask for addresses by it
		}
		for _, chain := range chains {
			lines = append(lines, "-A "+chain+" -j TO-SSH")
			if table == "filter" {
				lines = append(lines, "-A "+chain+" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
			}
		}
		lines = append(lines, "COMMIT")
	}
	return lines
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
