package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Escape sequences in file names and files of a base must not reach the terminal.
func TestMessagesAreOneLine(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, attack := range map[string][]entry{
		"name":       {file("\x1b[2Jevil\r", ""), dir("\x1b[2Jevil\r/x")},
		"state file": {file("var/lib/dpkg/alternatives/iptables", "\x1b]0;evil\a\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			base, wrapper := filepath.Join(directory, "base.tar"), filepath.Join(directory, "wrapper")
			for file, data := range map[string][]byte{base: pack(t, append(iptables(), attack...)...), wrapper: []byte(program("the wrapper"))} {
				if err := os.WriteFile(file, data, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.Command(self, "--output", filepath.Join(directory, "layer.tar.gz"), "--wrapper", wrapper, "--base", base)
			command.Env = append(os.Environ(), "WRAPPERLAYER_MAIN=open")
			out, err := command.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "evil") {
				t.Fatalf("%v: %q, want a message that names the evil", err, out)
			}
			if line, ended := bytes.CutSuffix(out, []byte("\n")); !ended || bytes.ContainsAny(line, "\x1b\a\r\n") {
				t.Errorf("printed %q", out)
			}
		})
	}
}
