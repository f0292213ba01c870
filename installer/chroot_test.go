package installer

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// in runs a program of a real root inside it.
func in(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	command := exec.Command("/usr/bin/env", argv...)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	command.Dir = "/"
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

func query(t *testing.T, dir, group string) map[string]string {
	t.Helper()
	answer := map[string]string{}
	header, _, _ := strings.Cut(in(t, dir, "update-alternatives", "--query", group), "\n\n")
	for line := range strings.Lines(header) {
		if key, value, found := strings.Cut(line, ": "); found {
			answer[key] = strings.TrimSpace(value)
		}
	}
	return answer
}
