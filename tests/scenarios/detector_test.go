package scenarios

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// TestProblemDetector runs the real node-problem-detector, with the example's configuration and plugin in a root file
// system. It compares the condition for each host. The detector logs the condition that it would send to an API server.
func TestProblemDetector(t *testing.T) {
	needs.Machine(t, "node-problem-detector")
	program, err := exec.LookPath("node-problem-detector")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range pluginCases {
		t.Run(strings.Join(c.states, ", "), func(t *testing.T) {
			h := newHost(t)
			config := h.addPlugin(t)
			if err := os.WriteFile(filepath.Join(h.root, "node-problem-detector"), binary, 0o755); err != nil {
				t.Fatal(err)
			}
			// Every container has /dev/null, and os/exec needs it to start a program.
			if err := unix.Mknod(filepath.Join(h.root, "dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
				t.Fatal(err)
			}
			for _, state := range c.states {
				hosts[state](t, h)
			}
			want := "Type:" + config.Conditions[0].Type + " Status:" + c.condition
			reason, message := config.Conditions[0].Reason, c.says
			switch c.condition {
			case "False":
				message = config.Conditions[0].Message
			case "True":
				reason = config.Rules[0].Reason
			}
			log := h.conditions(t)
			for _, word := range []string{want + " ", "Reason:" + reason + " ", "Message:" + message + "}"} {
				if !strings.Contains(log, word) {
					t.Errorf("no %q in its status: %s", word, log)
				}
			}
		})
	}
}

// conditions starts the detector, and returns its log lines about the condition after the plugin ran once.
func (h *host) conditions(t *testing.T) string {
	t.Helper()
	// The detector requires one of its exporters. The network namespace has no address, so it listens on all addresses.
	cmd := h.command(call{argv: []string{"/node-problem-detector", "--logtostderr", "--v=3", "--enable-k8s-exporter=false",
		"--prometheus-address=0.0.0.0", "--hostname-override=node", "--config.custom-plugin-monitor=/config/iptables-mode.json"}})
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	// A detector that logs nothing is killed, which also ends the read below.
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	var all strings.Builder
	lines := bufio.NewScanner(io.TeeReader(stderr, &all))
	for lines.Scan() {
		if strings.Contains(lines.Text(), "New status generated: ") {
			return lines.Text()
		}
	}
	t.Fatalf("it said nothing of a status:\n%s", all.String())
	return ""
}
