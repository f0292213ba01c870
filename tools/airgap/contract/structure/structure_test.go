// Package structure_test tests that container_structure_test sees an image and runs its commands as with a Docker engine,
// with each module that can provide it. The schema and the checks are those of the real program in both.
package structure_test

import (
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// config is one configuration file.
type config struct{ file, text string }

// check runs a container_structure_test target with additional configuration files.
func check(t *testing.T, variable string, configs ...config) (output string, passed bool) {
	t.Helper()
	program := needs.Variable(t, variable)
	var args []string
	for _, c := range configs {
		path := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	command := exec.Command(program, args...)
	// This test's report must not be overwritten by the targets that it runs. The real tool prints no output if it writes a
	// report.
	report := filepath.Join(t.TempDir(), "report.xml")
	command.Env = append(os.Environ(), "XML_OUTPUT_FILE="+report)
	combined, err := command.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	reported, readErr := os.ReadFile(report)
	if readErr != nil && err == nil {
		t.Errorf("no report: %v", readErr)
	}
	return string(combined) + html.UnescapeString(string(reported)), err == nil
}

// header is the beginning of every configuration in the tables.
const header = "schemaVersion: \"2.0.0\"\n"

func tables() [][]testCase {
	return [][]testCase{commands(), runOptions(), existence(), contents(), metadata(), licenses()}
}

// TestSchemaPasses runs all cases that must pass in one command, with one file for each.
func TestSchemaPasses(t *testing.T) {
	var configs []config
	for _, table := range tables() {
		for _, c := range table {
			if c.failure == "" {
				configs = append(configs, config{strings.ReplaceAll(c.name, " ", "-") + ".yaml", header + c.config})
			}
		}
	}
	if output, passed := check(t, "IMAGE", configs...); !passed {
		t.Errorf("failed:\n%s", output)
	}
}

// TestSchemaFails runs the cases that must fail one by one, so that no failure hides another.
func TestSchemaFails(t *testing.T) {
	for _, table := range tables() {
		for _, c := range table {
			if c.failure == "" {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				output, passed := check(t, "IMAGE", config{"case.yaml", header + c.config})
				if passed {
					t.Errorf("passed:\n%s", output)
				}
				if !strings.Contains(output, c.failure) {
					t.Errorf("failed without saying %q:\n%s", c.failure, output)
				}
			})
		}
	}
}

func TestEnvFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "variables.env")
	if err := os.WriteFile(file, []byte("FROM_FILE=file value\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	output, passed := check(t, "IMAGE", config{"case.yaml", header +
		"commandTests: [{name: a, command: probe, args: [env, FROM_FILE], expectedOutput: [FROM_FILE=file value]}]\n" +
		"containerRunOptions: {envFile: " + file + "}\n"})
	if !passed {
		t.Errorf("failed:\n%s", output)
	}
}

func TestOutput(t *testing.T) {
	output, passed := check(t, "IMAGE", config{"case.yaml", header + "commandTests: [{name: greeting, command: probe, args: [print, hello]}]\n"})
	if !passed {
		t.Errorf("failed:\n%s", output)
	}
	for _, line := range []string{`name="Command Test: greeting"`, "hello", `tests="3"`, `failures="0"`} {
		if !strings.Contains(output, line) {
			t.Errorf("no %q in the output:\n%s", line, output)
		}
	}
}

func TestForeignArchitecture(t *testing.T) {
	output, passed := check(t, "FOREIGN", config{"case.yaml", header + "fileContentTests: [{name: a, path: /etc/group, expectedContents: [shadow]}]\n"})
	if !passed {
		t.Errorf("files of another architecture could not be looked at:\n%s", output)
	}
	output, passed = check(t, "FOREIGN", config{"case.yaml", header + "commandTests: [{name: a, command: /nothing}]\n"})
	if passed {
		t.Errorf("a command of another architecture ran:\n%s", output)
	}
}
