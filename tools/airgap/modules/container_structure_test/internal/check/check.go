// Package check runs the tests of a configuration against an image.
package check

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/container"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/report"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/schema"
)

// Driver is a way to read an image, with the name that container-structure-test uses.
type Driver string

// Docker's driver can run commands. The tar driver reads only files and metadata.
const (
	Docker Driver = "docker"
	Tar    Driver = "tar"
)

// Subject is the image under test.
type Subject struct {
	Driver Driver
	Config *v1.ConfigFile
	Tree   *rootfs.Tree
	// Runner runs commands. Only the Docker driver has one, and only if the image can run on this machine.
	Runner *container.Runner
	// NoRunner is the reason that there is no Runner.
	NoRunner error
	// NewRoot creates a writable copy of the tree for one command test, and returns a function that removes it.
	NewRoot func() (root string, release func() error, err error)
	// NewVolume does the same for the content of a path that the image declares as a volume.
	NewVolume func(path string) (directory string, release func() error, err error)
}

// Run runs all tests of the configuration in the order of container-structure-test.
func (s *Subject) Run(ctx context.Context, config *schema.Config, out *report.Printer) {
	for _, test := range config.CommandTests {
		out.Add(s.command(ctx, config, test))
	}
	if len(config.ContainerRunOptions.BindMounts) > 0 && len(config.FileContentTests)+len(config.FileExistenceTests)+len(config.LicenseTests) > 0 {
		result := report.Result{Name: "containerRunOptions"}
		result.Errorf("with bindMounts, tests of files would read the machine's files: move these tests to a separate configuration file")
		out.Add(result)
	}
	env := s.env(config)
	for _, test := range config.FileContentTests {
		out.Add(s.fileContent(test))
	}
	for _, test := range config.FileExistenceTests {
		out.Add(s.fileExistence(test, env))
	}
	for _, test := range config.LicenseTests {
		out.Add(s.license(test))
	}
	if !config.MetadataTest.IsEmpty() {
		out.Add(s.metadata(config.MetadataTest))
	}
}

// env returns the image's environment with globalEnvVars. Their values may refer to the image's variables, except in the
// tar driver.
func (s *Subject) env(config *schema.Config) map[string]string {
	env := environMap(s.Config.Config.Env)
	if s.Driver == Tar {
		for _, v := range config.GlobalEnvVars {
			env[v.Key] = v.Value
		}
		return env
	}
	for key, value := range environMap(expandVars(config.GlobalEnvVars, environMap(s.Config.Config.Env))) {
		env[key] = value
	}
	return env
}

func environMap(environ []string) map[string]string {
	result := map[string]string{}
	for _, entry := range environ {
		key, value, _ := strings.Cut(entry, "=")
		result[key] = value
	}
	return result
}

// expandVars returns KEY=VALUE entries with $K and ${K} in the values replaced from env.
func expandVars(vars []schema.EnvVar, env map[string]string) []string {
	var entries []string
	for _, v := range vars {
		entries = append(entries, v.Key+"="+expand(v.Value, env))
	}
	return entries
}

func expand(text string, env map[string]string) string {
	return os.Expand(text, func(key string) string { return env[key] })
}

// validVars reports variables without a key or, where a value is needed, without a value.
func validVars(result *report.Result, vars []schema.EnvVar) {
	for _, v := range vars {
		if v.Key == "" || v.Value == "" {
			result.Errorf("Please provide non-empty keys and values for all specified env vars")
		}
	}
}

// matches reports whether the regular expression (Go syntax, unanchored) is found in the text. A pattern that does not
// compile is an error of the test, even for an excluded pattern.
func matches(pattern, text string) (bool, error) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return false, fmt.Errorf("bad regular expression '%s': %w", pattern, err)
	}
	return expression.MatchString(text), nil
}

// matchAll checks that the text contains every expected pattern and no excluded one. The parameter what is the name of the
// text in messages.
func matchAll(result *report.Result, what, text string, expected, excluded []string) {
	for _, pattern := range expected {
		if found, err := matches(pattern, text); err != nil {
			result.Errorf("%v", err)
		} else if !found {
			result.Errorf("Expected string '%s' not found in %s '%s'", pattern, what, text)
		}
	}
	for _, pattern := range excluded {
		if found, err := matches(pattern, text); err != nil {
			result.Errorf("%v", err)
		} else if found {
			result.Errorf("Excluded string '%s' found in %s '%s'", pattern, what, text)
		}
	}
}
