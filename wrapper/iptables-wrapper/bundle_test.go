package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bundle is a directory with the wrapper, which is this test's own binary, and the six names. The mode binaries are scripts
// that print their mode and their arguments.
type bundle struct {
	t   *testing.T
	dir string
}

func newBundle(t *testing.T, modes ...string) bundle {
	t.Helper()
	b := bundle{t, filepath.Join(t.TempDir(), "bundle")}
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.Mkdir(b.dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(b.path(commandName), self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modes {
		script := "#!/bin/sh\necho " + m + " \"$@\"\nenv | grep ^IPTABLES_WRAPPER_\nexit 7\n"
		if err := os.WriteFile(b.path("xtables-"+m+"-multi"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		if err := os.Symlink(commandName, b.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

var names = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}

func (b bundle) path(name string) string { return filepath.Join(b.dir, name) }

// do runs a program of the bundle. The environment contains only env and PATH.
func (b bundle) do(env []string, argv ...string) (stdout, stderr string, status int) {
	b.t.Helper()
	cmd := exec.Command(b.path(argv[0]), argv[1:]...)
	cmd.Env = append([]string{"PATH=" + b.dir + ":/usr/bin:/bin"}, env...)
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	return out.String(), complaint.String(), cmd.ProcessState.ExitCode()
}

// targets returns the targets of the six symlinks.
func (b bundle) targets() map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for _, name := range names {
		target, err := os.Readlink(b.path(name))
		if err != nil {
			b.t.Fatal(err)
		}
		all[name] = target
	}
	return all
}

func (b bundle) assertTargets(want string) {
	b.t.Helper()
	for name, target := range b.targets() {
		if target != want {
			b.t.Errorf("%s -> %s, want %s", name, target, want)
		}
	}
}
