package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// config is a configuration of container-structure-test, schema 2.0.0, as far as the images' command tests use it. Another key is an
// error, so that no test is left out.
type config struct {
	SchemaVersion       string        `json:"schemaVersion"`
	ContainerRunOptions runOptions    `json:"containerRunOptions"`
	CommandTests        []commandTest `json:"commandTests"`
}

type runOptions struct {
	Privileged   bool     `json:"privileged"`
	Capabilities []string `json:"capabilities"`
}

type commandTest struct {
	Name           string     `json:"name"`
	Command        string     `json:"command"`
	Args           []string   `json:"args"`
	EnvVars        []variable `json:"envVars"`
	ExitCode       int        `json:"exitCode"`
	ExpectedOutput []string   `json:"expectedOutput"`
	ExcludedOutput []string   `json:"excludedOutput"`
	ExpectedError  []string   `json:"expectedError"`
	ExcludedError  []string   `json:"excludedError"`
}

type variable struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// readConfig reads a configuration of command tests.
func readConfig(name string) (config, error) {
	var c config
	text, err := os.ReadFile(name)
	if err != nil {
		return c, err
	}
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (c config) check() error {
	if c.SchemaVersion != "2.0.0" {
		return fmt.Errorf("schemaVersion %q: only 2.0.0 is supported", c.SchemaVersion)
	}
	if len(c.CommandTests) == 0 {
		return errors.New("no commandTests")
	}
	if _, err := c.ContainerRunOptions.privilege(); err != nil {
		return err
	}
	for _, t := range c.CommandTests {
		if t.Name == "" || t.Command == "" {
			return fmt.Errorf("command test %q without a name or a command", t.Name)
		}
		// container-structure-test 1.22.1 ignores them (docker_driver.go, exec).
		if c.ContainerRunOptions.Privileged && len(t.EnvVars) > 0 {
			return fmt.Errorf("command test %q: envVars beside containerRunOptions have no effect", t.Name)
		}
	}
	return nil
}

// privilege returns the privileges of a container with these options. Options that no test uses are an error.
func (o runOptions) privilege() (plan.Privilege, error) {
	slices.Sort(o.Capabilities)
	switch {
	case !o.Privileged && len(o.Capabilities) == 0:
		return plan.NoAdmin, nil
	case o.Privileged && slices.Equal(o.Capabilities, []string{"NET_ADMIN", "NET_RAW"}):
		return plan.Admin, nil
	}
	return "", fmt.Errorf("containerRunOptions: privileged %v with capabilities %v: a guest supports none, or privileged with NET_ADMIN and NET_RAW",
		o.Privileged, o.Capabilities)
}
