package main

import (
	"os"
	"strings"
	"testing"
)

// A call executes the binary of the mode with its arguments, environment and exit status.
func TestCall(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	for _, m := range []string{"nft", "legacy"} {
		for _, name := range names {
			env := "IPTABLES_WRAPPER_MODE=" + m
			stdout, stderr, status := b.do([]string{env}, name, "-A", "two words", "")
			if want := m + " -A two words \n" + env + "\n"; stdout != want || stderr != "" || status != 7 {
				t.Errorf("%s: %q, %q, %d; want %q", name, stdout, stderr, status, want)
			}
		}
	}
	b.assertTargets(commandName)
}

// IPTABLES_WRAPPER_DEBUG=1 prints the report and the file that is executed. Any other value does not.
func TestCallDebug(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	env := []string{"IPTABLES_WRAPPER_MODE=legacy", "IPTABLES_WRAPPER_DEBUG=1"}
	_, stderr, status := b.do(env, "ip6tables-save")
	if !strings.Contains(stderr, "mode:      legacy\nreason:    override ") || status != 7 ||
		!strings.HasSuffix(stderr, "\nruns: "+b.path("xtables-legacy-multi")+"\n") {
		t.Errorf("status %d, stderr\n%s", status, stderr)
	}
	env[1] = "IPTABLES_WRAPPER_DEBUG=0"
	if _, stderr, _ := b.do(env, "iptables"); stderr != "" {
		t.Errorf("stderr %q", stderr)
	}
}

// A call that cannot execute a binary ends with one line.
func TestCallRefused(t *testing.T) {
	both, broken := newBundle(t, "nft", "legacy"), newBundle(t, "nft", "legacy")
	if err := os.WriteFile(broken.path("xtables-nft-multi"), []byte("#!/nowhere\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		bundle
		env, message string
		status       int
	}{
		"no such mode": {both, "IPTABLES_WRAPPER_MODE=x\x1b[31m",
			`iptables-wrapper: IPTABLES_WRAPPER_MODE=x?[31m: not nft or legacy: correct or unset it` + "\n", exitUsage},
		"not executable": {broken, "IPTABLES_WRAPPER_MODE=nft",
			"iptables-wrapper: " + broken.path("xtables-nft-multi") + ": no such file or directory\n", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, status := row.do([]string{row.env}, "iptables", "-S")
			if stdout != "" || stderr != row.message || status != row.status {
				t.Errorf("%q, %q, %d; want %q, %d", stdout, stderr, status, row.message, row.status)
			}
		})
	}
}

// If a variable has several entries, the first one counts. A longer name is another variable.
func TestVariable(t *testing.T) {
	env := []string{"MODE_X=a", "MOD=b", "MODE", "MODE=c", "MODE=d", "EMPTY=", "EMPTY=e"}
	for name, want := range map[string]string{"MODE": "c", "MODE_X": "a", "EMPTY": "", "X": ""} {
		if got := variable(env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
