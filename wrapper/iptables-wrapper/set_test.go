package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// set pins all six names, whatever their state is.
func TestSet(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	for _, step := range []struct {
		env, argument, mode, stdout string
	}{
		{"", "legacy", "legacy", ""},
		{"", "legacy", "legacy", ""},
		{"", "nft", "nft", ""},
		{"IPTABLES_WRAPPER_MODE=legacy", "detected", "legacy", "legacy\n"},
		{"IPTABLES_WRAPPER_MODE=nft", "detected", "nft", "nft\n"},
		{"IPTABLES_WRAPPER_MODE=nft", "legacy", "legacy", ""}, // the argument has precedence
		{"IPTABLES_WRAPPER_MODE=x", "nft", "nft", ""},
	} {
		stdout, stderr, status := b.do([]string{step.env}, commandName, "set", step.argument)
		if stdout != step.stdout || stderr != "" || status != 0 {
			t.Fatalf("%+v: %q, %q, %d", step, stdout, stderr, status)
		}
		b.assertTargets("xtables-" + step.mode + "-multi")
		if stdout, _, _ := b.do(nil, "iptables", "-S"); stdout != step.mode+" -S\n" {
			t.Errorf("%+v: a call printed %q", step, stdout)
		}
	}
}

// If set cannot pin, it fails with one line, and changes nothing.
func TestSetRefused(t *testing.T) {
	both, elsewhere := newBundle(t, "nft", "legacy"), newBundle(t, "nft", "legacy")
	if err := errors.Join(os.Remove(elsewhere.path("iptables-save")), os.Symlink("/bin/sh", elsewhere.path("iptables-save"))); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		bundle
		env      string
		argument string
		message  string
		status   int
	}{
		"no such mode": {both, "", "nf_tables", `set: "nf_tables": not nft, legacy, detected or auto; see iptables-wrapper help`, exitUsage},
		"override": {both, "IPTABLES_WRAPPER_MODE=x", "detected", "IPTABLES_WRAPPER_MODE=x: not nft or legacy: correct or unset it; " +
			"see iptables-wrapper help", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			before := row.targets()
			stdout, stderr, status := row.do([]string{row.env}, commandName, "set", row.argument)
			if stdout != "" || stderr != "iptables-wrapper: "+row.message+"\n" || status != row.status {
				t.Errorf("%q, %q, %d; want %q, %d", stdout, stderr, status, row.message, row.status)
			}
			if after := row.targets(); !maps.Equal(after, before) {
				t.Errorf("symlinks %q, want %q", after, before)
			}
		})
	}
	_, stderr, status := elsewhere.do(nil, commandName, "set", "legacy")
	if want := "iptables-wrapper: set legacy: iptables-save does not lead to this installation: " +
		"run iptables-wrapper install, then try again\n"; stderr != want || status != exitFailed {
		t.Errorf("%q, %d; want %q", stderr, status, want)
	}
}

// --wrapper installs another file than the running one.
func TestInstallAnotherFile(t *testing.T) {
	b, root := newBundle(t, "nft"), t.TempDir()
	self, err := os.ReadFile(b.path(commandName))
	other, sbin := append(self, '\n'), filepath.Join(root, "usr/sbin")
	if err := errors.Join(err, os.WriteFile(b.path("other"), other, 0o755), os.MkdirAll(sbin, 0o755),
		os.Rename(b.path("xtables-nft-multi"), filepath.Join(sbin, "xtables-nft-multi"))); err != nil {
		t.Fatal(err)
	}
	_, stderr, status := b.do(nil, commandName, "install", "--no-sanity-check", "--root", root, "--wrapper", b.path("other"))
	installed, err := os.ReadFile(filepath.Join(sbin, commandName))
	if status != 0 || err != nil || !bytes.Equal(installed, other) {
		t.Errorf("%q, %d, %v: %d bytes are installed, want %d", stderr, status, err, len(installed), len(other))
	}
}
