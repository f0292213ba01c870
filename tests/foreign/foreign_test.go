package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// Each configuration of the images' command tests can be executed in a guest.
func TestConfigs(t *testing.T) {
	names, err := filepath.Glob("../../images/*/testdata/*commands.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no configuration found")
	}
	for _, name := range names {
		if _, err := readConfig(name); err != nil {
			t.Error(err)
		}
	}
}

func TestUnsupportedConfigs(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"commandTests: [{name: a, command: b}]", "schemaVersion"},
		{"schemaVersion: 2.0.0", "no commandTests"},
		{"schemaVersion: 2.0.0\ncommandTests: [{name: a}]", "without a name or a command"},
		{"schemaVersion: 2.0.0\ncommandTests: [{name: a, command: b, setup: [[c]]}]", "setup"},
		{"schemaVersion: 2.0.0\nglobalEnvVars: [{key: a, value: b}]", "globalEnvVars"},
		{"schemaVersion: 2.0.0\ncontainerRunOptions: {privileged: true}\ncommandTests: [{name: a, command: b}]", "capabilities"},
		{"schemaVersion: 2.0.0\ncontainerRunOptions: {privileged: true, capabilities: [NET_ADMIN, NET_RAW]}\n" +
			"commandTests: [{name: a, command: b, envVars: [{key: c, value: d}]}]", "have no effect"},
	} {
		name := filepath.Join(t.TempDir(), "commands.yaml")
		if err := os.WriteFile(name, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	result := plan.Result{Calls: []plan.Run{{Status: 2, Stdout: "iptables v1.8.11 (nf_tables)\n", Stderr: "refused\n"}}}
	for _, c := range []struct {
		name  string
		test  commandTest
		right bool
	}{
		{"all match", commandTest{ExitCode: 2, ExpectedOutput: []string{`\(nf_tables\)`, "(?m)^iptables"}, ExpectedError: []string{"refused"}}, true},
		{"exit status", commandTest{ExitCode: 0}, false},
		{"output", commandTest{ExitCode: 2, ExpectedOutput: []string{"legacy"}}, false},
		{"one of two", commandTest{ExitCode: 2, ExpectedOutput: []string{"nf_tables", "legacy"}}, false},
		{"error", commandTest{ExitCode: 2, ExpectedError: []string{"nf_tables"}}, false},
		{"excluded output", commandTest{ExitCode: 2, ExcludedOutput: []string{"nf_tables"}}, false},
		{"excluded error", commandTest{ExitCode: 2, ExcludedError: []string{"refused"}}, false},
		{"excluded elsewhere", commandTest{ExitCode: 2, ExcludedOutput: []string{"refused"}}, true},
		{"bad pattern", commandTest{ExitCode: 2, ExcludedOutput: []string{"("}}, false},
	} {
		if wrong := judge(c.test, result); (len(wrong) == 0) != c.right {
			t.Errorf("%s: %q", c.name, wrong)
		}
	}
	if wrong := judge(commandTest{}, plan.Result{Failed: "no such file"}); len(wrong) != 1 || !strings.Contains(wrong[0], "no such file") {
		t.Errorf("a command that was not executed: %q", wrong)
	}
}

// A test without a result is a failure, and an image in the table is counted.
func TestTable(t *testing.T) {
	one := &image{name: "debian/trixie_s390x", tests: []commandTest{{Name: "a"}, {Name: "b"}}}
	two := &image{name: "distroless/trixie_s390x", tests: []commandTest{{Name: "c"}}}
	b := &boot{architecture: "s390x", kernel: &kernel.Kernel{Release: "7.2.12"}, images: []*image{one, two}, results: []plan.Result{{Calls: []plan.Run{{}}}, {Calls: []plan.Run{{Status: 1}}}}}
	var out strings.Builder
	err := writeTable(&out, []*boot{b}, map[string]string{"loong64": "no kernel"})
	if err == nil {
		t.Error("failed command tests: no error")
	}
	for _, want := range []string{
		"debian/trixie_s390x      1       2", "distroless/trixie_s390x  0       1", "WRONG: debian/trixie_s390x: b: exit status 1",
		"WRONG: distroless/trixie_s390x: c: not executed", "not tested: loong64: no kernel", "1 of 3 command tests passed",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, &out)
		}
	}
	b.results = []plan.Result{{Calls: []plan.Run{{}}}, {Calls: []plan.Run{{}}}, {Calls: []plan.Run{{}}}}
	if err := writeTable(&out, []*boot{b}, nil); err != nil {
		t.Error(err)
	}
}
