// Package structure_test tests container_structure_test, from each module that can provide it, against schema version
// 2.0.0.
package structure_test

import (
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
				if !containsOne(output, strings.Split(c.failure, "|")) {
					t.Errorf("failed without saying %q:\n%s", c.failure, output)
				}
			})
		}
	}
}

func containsOne(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// TestJSON checks the defaults that differ from YAML: a missing value is false or 0.
func TestJSON(t *testing.T) {
	for _, c := range []struct{ name, test, failure string }{
		{"no such file", `"path": "/bin/nothing"`, ""},
		{"no shouldExist", `"path": "/bin/probe"`, "should not exist but does"},
		{"no owner", `"path": "/etc/shadow", "shouldExist": true, "uid": -1`, "incorrect group ownership. Expected: 0, Actual: 42"},
	} {
		t.Run(c.name, func(t *testing.T) {
			output, passed := check(t, "IMAGE", config{"case.json", `{"schemaVersion": "2.0.0", "fileExistenceTests": [{"name": "a", ` + c.test + `}]}`})
			if passed != (c.failure == "") || !strings.Contains(output, c.failure) {
				t.Errorf("passed: %v, want failure %q:\n%s", passed, c.failure, output)
			}
		})
	}
}

func TestConfigurationErrors(t *testing.T) {
	for _, c := range []struct{ name, file, config, message string }{
		{"no version", "case.yaml", "commandTests: []\n", "schema"},
		{"unknown version", "case.yaml", "schemaVersion: \"9.9.9\"\n", "9.9.9"},
		{"unknown key", "case.yaml", header + "commandTest: []\n", "commandTest"},
		{"unknown key in a test", "case.yaml", header + "fileExistenceTests: [{name: a, path: /bin, mode: x}]\n", "mode"},
		{"key set twice", "case.yaml", header + "commandTests: []\ncommandTests: []\n", "commandTests"},
		{"wrong type", "case.yml", header + "commandTests: {}\n", "error"},
		{"not a configuration", "case.txt", header, "YAML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			output, passed := check(t, "IMAGE", config{c.file, c.config})
			if passed {
				t.Errorf("passed:\n%s", output)
			}
			if !strings.Contains(output, c.message) {
				t.Errorf("failed without saying %q:\n%s", c.message, output)
			}
		})
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
