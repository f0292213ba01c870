package main

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
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

// do runs a program of the bundle, with nothing in its environment but env and PATH.
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

// targets returns what the six symlinks say.
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

// A call that cannot execute anything ends with one line.
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
			`iptables-wrapper: IPTABLES_WRAPPER_MODE=x\x1b[31m: not nft or legacy: correct or unset it` + "\n", exitUsage},
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

// set pins all six names, whatever they are pinned to.
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
		{"IPTABLES_WRAPPER_MODE=nft", "legacy", "legacy", ""}, // the argument counts
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

// What set cannot do it refuses in one line, and changes nothing.
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

// A report that could not be written is a failure.
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

// A decision that needs no evidence is not waited for.
func TestDetectWaits(t *testing.T) {
	b := newBundle(t, "nft", "legacy")
	start := time.Now()
	_, stderr, status := b.do([]string{"IPTABLES_WRAPPER_MODE=nft"}, commandName, "detect", "--wait", "1h")
	if status != 0 || stderr != "" || time.Since(start) > time.Minute {
		t.Errorf("a decision that needs no evidence: %q, %d after %v", stderr, status, time.Since(start))
	}
}

// detect --wait fails if there is no kubelet chain when the time is up, and prints the report in either case.
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
		"\x1b[31m":             `\x1b[31m`,
		"two\nlines\r\t\x00":   `two\nlines\r\t\x00`,
		"\u202eleft, \u2028":   `\u202eleft, \u2028`,
		"\x7f \u0085 \xff\xfe": "\\x7f \\u0085 \ufffd\ufffd",
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
		err := parse(row.args, map[string]*string{"--option": &value}, map[string]*bool{"--flag": &flag})
		if row.wrong != "" {
			if err == nil || err.Error() != row.wrong {
				t.Errorf("%q: error %v, want %q", row.args, err, row.wrong)
			}
		} else if err != nil || value != row.value || flag != row.flag {
			t.Errorf("%q: %q, %v, %v", row.args, value, flag, err)
		}
	}
}
