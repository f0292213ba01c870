package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// install --dry-run prints the changes and makes none. Without it, install prints nothing.
func TestInstall(t *testing.T) {
	b, layout := newBundle(t, "nft", "legacy"), roots.Find("Alpine 3.22")
	dir := layout.Before.Build(t, programs(t))
	for _, want := range []struct {
		option, stdout string
		files          roots.Tree
	}{
		{"--dry-run", "copy /usr/sbin/iptables-wrapper\nlink /usr/sbin/iptables -> iptables-wrapper\n", layout.Before},
		{"--no-sanity-check", "", layout.Installed},
	} {
		stdout, _, status := b.do(nil, commandName, "install", "--no-sanity-check", "--root", dir, "--wrapper", b.path(commandName), want.option)
		if !strings.HasPrefix(stdout, want.stdout) || (want.stdout == "") != (stdout == "") || status != 0 {
			t.Errorf("%s: %q, %d", want.option, stdout, status)
		}
		roots.Assert(t, dir, want.files)
	}
}

// If the report cannot be written, the command fails.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	b := newBundle(t, "nft", "legacy")
	for _, argv := range [][]string{
		{"detect"}, {"detect", "--output", "json"}, {"detect", "--output", "mode"}, {"help"}, {"version"}, {"set", "detected"},
	} {
		cmd := exec.Command(b.path(commandName), argv...)
		var stderr strings.Builder
		cmd.Env, cmd.Stdout, cmd.Stderr = []string{"IPTABLES_WRAPPER_MODE=nft"}, full, &stderr
		err := cmd.Run()
		if err == nil || cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(stderr.String(), "no space left on device\n") {
			t.Errorf("%q: %v, %q", argv, err, stderr.String())
		}
	}
}

// Usage errors have status 2.
func TestUsageStatus(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	for _, argv := range [][]string{
		{}, {"instal"}, {"help", "me"}, {"version", "x"}, {"set"}, {"set", "x"}, {"set", "nft", "legacy"}, {"detect", "x"},
		{"detect", "--wait", "1"}, {"detect", "--output", "x"}, {"detect", "--check=1"}, {"install", "x"}, {"install", "--root"},
	} {
		stdout, stderr, status := b.do(nil, append([]string{commandName}, argv...)...)
		if stdout != "" || status != exitUsage || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: %q, %q, %d", argv, stdout, stderr, status)
		}
	}
}

// detect does not wait if the decision needs no evidence.
func TestDetectWaits(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	start := time.Now()
	_, stderr, status := b.do([]string{"IPTABLES_WRAPPER_MODE=nft"}, commandName, "detect", "--wait", "1h")
	if status != 0 || stderr != "" || time.Since(start) > time.Minute {
		t.Errorf("a decision that needs no evidence: %q, %d after %v", stderr, status, time.Since(start))
	}
}

// detect --wait fails if there is no kubelet chain at the end of the time. It prints the report in both cases.
func TestWaitStatus(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	stdout, stderr, status := b.do(nil, commandName, "detect", "--wait", "1ms")
	want, message := exitFailed, "iptables-wrapper: detect: no kubelet chain after 1ms: is kubelet running, with iptables in its PATH? "+
		"On a host without kubelet, do not use --wait\n"
	if strings.Contains(stdout, "\nreason:    kubelet-chain ") { // this machine is a node
		want, message = 0, ""
	}
	if status != want || stderr != message || !strings.Contains(stdout, "mode:      ") {
		t.Errorf("%q, %q, %d; want %d", stdout, stderr, status, want)
	}
}

// Problems that do not depend on the kernel: detect reports them, and fails with --check.
func TestCheckStatus(t *testing.T) {
	b, other := newBundle(t, "nft", "legacy"), newBundle(t, "nft")
	if _, stderr, status := b.do(nil, commandName, "set", "legacy"); status != 0 {
		t.Fatal(stderr)
	}
	override := "IPTABLES_WRAPPER_MODE=nft"
	for id, env := range map[string][]string{
		"override-without-effect": {override},
		"hidden-by-path":          {"PATH=" + other.dir + ":" + b.dir},
	} {
		for argument, want := range map[string]int{"--check": exitProblem, "--wait=0s": 0} {
			stdout, stderr, status := b.do(append(env, override), commandName, "detect", argument)
			if status != want || stderr != "" || !strings.Contains("\n"+stdout, "\n"+id+": ") {
				t.Errorf("%s, %s: %q, %q, %d; want %d", id, argument, stdout, stderr, status, want)
			}
		}
		stdout, _, _ := b.do(append(env, override), commandName, "detect", "--output", "json")
		if !strings.Contains(stdout, `"`+id+`"`) || !strings.Contains(stdout, `"links":"pinned to legacy"`) {
			t.Errorf("%s: %s", id, stdout)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"":                     "",
		`plain "text" \ ödd`:   `plain "text" \ ödd`,
		"\x1b[31m":             "?[31m",
		"two\nlines\r\t\x00":   "two?lines???",
		"\u202eleft, \u2028":   "?left, ?",
		"\x7f \u0085 \xff\xfe": "? ? \ufffd\ufffd",
	} {
		if got := printable(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, row := range []struct {
		args  []string
		value string
		flag  bool
		wrong string
	}{
		{args: nil, value: "default"},
		{args: []string{"--option", "x"}, value: "x"},
		{args: []string{"--option=x"}, value: "x"},
		{args: []string{"--option=x=y"}, value: "x=y"},
		{args: []string{"--option="}, value: ""},
		{args: []string{"--option", "--flag"}, value: "--flag"},
		{args: []string{"--flag", "--option", "a", "--option=b"}, value: "b", flag: true},
		{args: []string{"--option"}, wrong: "--option needs a value"},
		{args: []string{"--flag=true"}, wrong: "--flag takes no value"},
		{args: []string{"--other=1"}, wrong: `unexpected argument "--other"`},
		{args: []string{"x"}, wrong: `unexpected argument "x"`},
		{args: []string{""}, wrong: `unexpected argument ""`},
	} {
		value, flag := "default", false
		err := parse(append([]string{"command"}, row.args...), map[string]any{"--option": &value, "--flag": &flag})
		if row.wrong != "" {
			if err == nil || err.Error() != "command: "+row.wrong {
				t.Errorf("%q: error %v, want %q", row.args, err, row.wrong)
			}
		} else if err != nil || value != row.value || flag != row.flag {
			t.Errorf("%q: %q, %v, %v", row.args, value, flag, err)
		}
	}
}
