package main

import (
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// Escape sequences in a state file of a root must not reach the terminal of the user who installs into that root.
func TestStateFileInMessages(t *testing.T) {
	b, layout := newBundle(t, "nft", "legacy"), roots.Find("Debian")
	for what, state := range map[string]string{
		"line":     "\x1b]0;evil\a\r\n",
		"follower": "auto\n/usr/sbin/iptables\n" + strings.Repeat("\x1b[2Jevil\r\n/usr/sbin/evil\n", 2) + "\n/usr/sbin/iptables-nft\n20\n\n\n\n",
	} {
		dir := layout.Before.With(roots.Tree{"var/lib/dpkg/alternatives/iptables": state}).Build(t, roots.Programs(t))
		stdout, stderr, status := b.do(nil, commandName, "install", "--no-sanity-check", "--root", dir, "--wrapper", b.path(commandName))
		if status == 0 || stdout != "" || !strings.Contains(stderr, "evil") {
			t.Errorf("%s: printed %q and %q, status %d: want an error that quotes the line", what, stdout, stderr, status)
		}
		if line, ended := strings.CutSuffix(stderr, "\n"); !ended || strings.ContainsAny(line, "\x1b\a\r\n") {
			t.Errorf("%s: printed %q", what, stderr)
		}
	}
}
