// Package driver is a driver of container-structure-test that uses runc in place of a Docker engine. It does what the
// real Docker driver and an engine do together (pkg/drivers/docker_driver.go).
package driver

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/GoogleContainerTools/container-structure-test/pkg/types/unversioned"
	"github.com/joho/godotenv"
	"github.com/sirupsen/logrus"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/container"
)

// driver implements drivers.Driver for one test.
type driver struct {
	image   *Image
	options unversioned.ContainerRunOptions
	env     []string // of the image, and of what Docker would have committed to it
	root    string   // writable; "" before the first command
	release func() error
}

// SetEnv adds variables to the image. Their values may contain variables of the image.
func (d *driver) SetEnv(vars []unversioned.EnvVar) error {
	d.env = append(slices.Clip(d.env), d.expand(vars)...)
	return nil
}

// Setup runs each command in a separate container. Files and the environment remain for the next one, because Docker
// commits them to an image. Only a command that cannot start is an error, whatever the exit code of the others is.
func (d *driver) Setup(vars []unversioned.EnvVar, commands [][]string) error {
	env := append(slices.Clip(d.env), d.expand(vars)...)
	for _, command := range commands {
		if _, err := d.run(command, env); err != nil {
			return err
		}
		d.env = env
	}
	return nil
}

// Teardown does nothing, because Docker's driver deletes the containers of a test without it.
func (d *driver) Teardown([][]string) error { return nil }

// ProcessCommand runs the command of a test.
func (d *driver) ProcessCommand(vars []unversioned.EnvVar, command []string) (stdout, stderr string, exitCode int, err error) {
	if d.options.TTY {
		// go-dockerclient reads a terminal's output as a stream with headers, and fails at the first byte.
		return "", "", -1, errors.New("Error retrieving container logs: Unrecognized input header: leave allocateTty out")
	}
	own, err := d.variables(vars)
	if err != nil {
		return "", "", -1, err
	}
	result, err := d.run(command, append(slices.Clip(d.env), own...))
	if err != nil {
		return "", "", -1, err
	}
	return result.Stdout, result.Stderr, result.ExitCode, nil
}

// StatFile describes a file.
func (d *driver) StatFile(path string) (os.FileInfo, error) { return d.image.tree.Stat(path) }

// ReadFile returns the content of a file.
func (d *driver) ReadFile(path string) ([]byte, error) { return d.image.tree.ReadFile(path) }

// ReadDir describes the subdirectories of a directory.
func (d *driver) ReadDir(path string) ([]os.FileInfo, error) { return d.image.tree.ReadDir(path) }

// GetConfig returns the configuration of the image.
func (d *driver) GetConfig() (unversioned.Config, error) {
	config := d.image.config
	var ports []string
	for port := range config.ExposedPorts {
		number, _, _ := strings.Cut(port, "/")
		ports = append(ports, number)
	}
	return unversioned.Config{
		Env:          d.environ(),
		Entrypoint:   config.Entrypoint,
		Cmd:          config.Cmd,
		Volumes:      slices.Collect(maps.Keys(config.Volumes)),
		Workdir:      config.WorkingDir,
		ExposedPorts: ports,
		Labels:       config.Labels,
		User:         config.User,
	}, nil
}

// Destroy removes the writable root.
func (d *driver) Destroy() {
	if d.release == nil {
		return
	}
	if err := d.release(); err != nil {
		logrus.Warnf("error removing container: %s", err)
	}
}

// run runs a command in a container with new volumes, which Docker creates for each container.
func (d *driver) run(command, env []string) (result container.Result, err error) {
	if d.image.runner == nil {
		return container.Result{}, d.image.noRunner
	}
	if d.root == "" {
		if d.root, d.release, err = d.image.newRoot(); err != nil {
			return container.Result{}, fmt.Errorf("create container: %w", err)
		}
	}
	volumes, release, err := d.image.newVolumes()
	if err != nil {
		return container.Result{}, fmt.Errorf("create container: volumes: %w", err)
	}
	options := container.Options{
		User:         d.image.config.User,
		Workdir:      d.image.config.WorkingDir,
		Env:          env,
		Privileged:   d.options.Privileged,
		Capabilities: d.options.Capabilities,
		BindMounts:   d.options.BindMounts,
		Volumes:      volumes,
	}
	if d.options.User != "" {
		options.User = d.options.User
	}
	result, err = d.image.runner.Run(d.image.ctx, d.root, command, options)
	return result, errors.Join(err, release())
}

// variables returns the variables that the command of a test has beside those of the image. With any run option, Docker's
// driver ignores those of the test (exec).
func (d *driver) variables(vars []unversioned.EnvVar) (env []string, err error) {
	if !d.options.IsSet() {
		for _, v := range vars {
			env = append(env, v.Key+"="+v.Value)
		}
		return env, nil
	}
	if d.options.EnvFile != "" {
		file, err := godotenv.Read(d.options.EnvFile)
		if err != nil {
			return nil, fmt.Errorf("containerRunOptions.envFile: %w", err)
		}
		for key, value := range file {
			if key != "" && value != "" {
				env = append(env, key+"="+value)
			}
		}
	}
	for _, key := range d.options.EnvVars {
		value := os.Getenv(key)
		if value == "" {
			// Docker's driver passes an empty entry to the engine, which refuses it.
			return nil, fmt.Errorf("invalid environment variable: containerRunOptions.envVars: %s is not set or empty", key)
		}
		env = append(env, key+"="+value)
	}
	return env, nil
}

// environ returns the environment of the image.
func (d *driver) environ() map[string]string {
	result := map[string]string{}
	for _, entry := range d.env {
		key, value, _ := strings.Cut(entry, "=")
		result[key] = value
	}
	return result
}

// expand returns the variables as KEY=VALUE, with the image's variables in the values.
func (d *driver) expand(vars []unversioned.EnvVar) (env []string) {
	environ := d.environ()
	for _, v := range vars {
		env = append(env, v.Key+"="+os.Expand(v.Value, func(key string) string { return environ[key] }))
	}
	return env
}
