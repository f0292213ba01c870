package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/joho/godotenv"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/container"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/report"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/schema"
)

// command runs one command test on a fresh copy of the image. Each setup command and then the command itself runs in a
// separate container. They share files and, because Docker commits it to an image, the environment, but neither processes
// nor network. Teardown commands are checked but not run, because the copy is deleted, as Docker's containers are.
func (s *Subject) command(ctx context.Context, config *schema.Config, test schema.CommandTest) report.Result {
	invalid := report.Result{Name: test.Name}
	validCommand(&invalid, test)
	if len(invalid.Errors) > 0 {
		return invalid
	}
	result := report.Result{Name: "Command Test: " + test.Name}
	if s.Runner == nil {
		result.Errorf("%v", s.NoRunner)
		return result
	}
	root, release, err := s.NewRoot()
	if err != nil {
		result.Errorf("error creating driver: %v", err)
		return result
	}
	if config.ContainerRunOptions.TTY {
		// The real tool reads a terminal's output as a stream with headers, and fails at the first byte (go-dockerclient).
		result.Errorf("Error retrieving container logs: Unrecognized input header: leave allocateTty out")
	} else {
		s.commandIn(ctx, root, config, test, &result)
	}
	if err := release(); err != nil {
		result.Errorf("%v", err)
	}
	return result
}

func validCommand(result *report.Result, test schema.CommandTest) {
	if test.Name == "" {
		result.Errorf("Please provide a valid name for every test")
	}
	if test.Command == "" {
		result.Errorf("Please provide a valid command to run for test %s", test.Name)
	}
	isEmpty := func(command []string) bool { return len(command) == 0 }
	if slices.ContainsFunc(test.Setup, isEmpty) {
		result.Errorf("Error in setup command configuration encountered; please check formatting and remove all empty setup commands")
	}
	if slices.ContainsFunc(test.Teardown, isEmpty) {
		result.Errorf("Error in teardown command configuration encountered; please check formatting and remove all empty teardown commands")
	}
	validVars(result, test.EnvVars)
}

func (s *Subject) commandIn(ctx context.Context, root string, config *schema.Config, test schema.CommandTest, result *report.Result) {
	run := config.ContainerRunOptions
	options := container.Options{
		User:         s.Config.Config.User,
		Workdir:      s.Config.Config.WorkingDir,
		Privileged:   run.Privileged,
		Capabilities: run.Capabilities,
		BindMounts:   run.BindMounts,
	}
	if run.User != "" {
		options.User = run.User
	}
	env := append(slices.Clone(s.Config.Config.Env), expandVars(config.GlobalEnvVars, environMap(s.Config.Config.Env))...)

	if len(test.Setup) > 0 {
		env = append(env, expandVars(test.EnvVars, environMap(env))...)
		options.Env = env
		for _, command := range test.Setup {
			// As with Docker, only a setup command that cannot start is an error. Its exit code is ignored.
			if _, err := s.run(ctx, root, command, options); err != nil {
				result.Errorf("error in setup: %v", err)
				return
			}
		}
	}

	own, err := commandEnv(run, test)
	if err != nil {
		result.Errorf("%v", err)
		return
	}
	options.Env = append(slices.Clone(env), own...)
	variables := environMap(env)
	command := []string{expand(test.Command, variables)}
	for _, arg := range test.Args {
		command = append(command, expand(arg, variables))
	}
	start := time.Now()
	output, err := s.run(ctx, root, command, options)
	result.Duration = time.Since(start)
	if err != nil {
		result.Errorf("%v", err)
		return
	}
	result.Stdout, result.Stderr = output.Stdout, output.Stderr
	matchAll(result, "error", output.Stderr, test.ExpectedError, test.ExcludedError)
	matchAll(result, "output", output.Stdout, test.ExpectedOutput, test.ExcludedOutput)
	if output.ExitCode != test.ExitCode {
		result.Errorf("Test '%s' exited with incorrect error code. Expected: %d, Actual: %d", test.Name, test.ExitCode, output.ExitCode)
	}
}

// run runs a container with new volumes, as Docker creates them for each path that the image declares as one. Files that a
// setup command writes there do not exist in the next container.
func (s *Subject) run(ctx context.Context, root string, command []string, options container.Options) (container.Result, error) {
	volumes, release, err := s.volumes()
	if err != nil {
		return container.Result{}, fmt.Errorf("volumes: %w", err)
	}
	options.Volumes = volumes
	result, err := s.Runner.Run(ctx, root, command, options)
	return result, errors.Join(err, release())
}

func (s *Subject) volumes() (directories map[string]string, release func() error, err error) {
	directories = map[string]string{}
	var releases []func() error
	release = func() error {
		var errs []error
		for _, one := range releases {
			errs = append(errs, one())
		}
		return errors.Join(errs...)
	}
	for path := range s.Config.Config.Volumes {
		directory, releaseOne, err := s.NewVolume(path)
		if err != nil {
			return nil, nil, errors.Join(err, release())
		}
		directories[path] = directory
		releases = append(releases, releaseOne)
	}
	return directories, release, nil
}

// commandEnv returns the variables that the test adds to the environment of its command. With any containerRunOptions set,
// container-structure-test 1.22.1 ignores a test's own envVars (docker_driver.go, exec) unless a setup command has put them
// into the image. A test that depends on them would fail there, so it fails here with a message.
func commandEnv(run schema.RunOptions, test schema.CommandTest) ([]string, error) {
	if !run.IsSet() {
		var env []string
		for _, v := range test.EnvVars {
			env = append(env, v.Key+"="+v.Value)
		}
		return env, nil
	}
	if len(test.EnvVars) > 0 && len(test.Setup) == 0 {
		return nil, errors.New("container-structure-test ignores a command test's envVars when the file has containerRunOptions: " +
			"use globalEnvVars, or add a setup command")
	}
	var env []string
	if run.EnvFile != "" {
		variables, err := godotenv.Read(run.EnvFile)
		if err != nil {
			return nil, fmt.Errorf("containerRunOptions.envFile: %w", err)
		}
		for key, value := range variables {
			if key != "" && value != "" {
				env = append(env, key+"="+value)
			}
		}
	}
	for _, key := range run.EnvVars {
		value := os.Getenv(key)
		if value == "" {
			// container-structure-test passes an empty entry to Docker, which refuses it. So this is an error, too.
			return nil, fmt.Errorf("invalid environment variable: containerRunOptions.envVars: %s is not set or empty", key)
		}
		env = append(env, key+"="+value)
	}
	return env, nil
}
