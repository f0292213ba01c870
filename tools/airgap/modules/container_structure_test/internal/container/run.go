// Package container runs commands in a root file system with runc, as Docker would run them.
package container

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Result is the result of a command.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
}

// Runner starts containers with one runc.
type Runner struct {
	runc  string
	state string // runc's own state directory
	count int
	dir   string
}

// NewRunner finds runc in PATH. It writes only below dir, which must exist.
func NewRunner(dir string) (*Runner, error) {
	runc, err := exec.LookPath("runc")
	if err != nil {
		return nil, errors.New("command tests need runc, which is not on PATH: install it (Debian: apt-get install runc)")
	}
	return &Runner{runc: runc, state: filepath.Join(dir, "runc"), dir: dir}, nil
}

// Run runs the command in the root file system, in new namespaces, and waits for it. An error means that the command could
// not be started. A command that ran and failed has an exit code.
//
// If the context is cancelled, Run kills all processes in the container. The first process would ignore another signal, and
// would continue after runc ends.
func (r *Runner) Run(ctx context.Context, root string, command []string, options Options) (Result, error) {
	r.count++
	// Names must not be those of another test on the same machine, because cgroups may be shared.
	id := fmt.Sprintf("structure-test-%d-%d", os.Getpid(), r.count)
	bundle := filepath.Join(r.dir, id)
	if err := os.Mkdir(bundle, 0o755); err != nil {
		return Result{}, fmt.Errorf("container: %w", err)
	}
	if err := makeWorkdir(root, options.Workdir); err != nil {
		return Result{}, fmt.Errorf("container: %w", err)
	}
	spec, err := newSpec(root, bundle, command, options)
	if err != nil {
		return Result{}, fmt.Errorf("container: %w", err)
	}
	data, err := json.Marshal(spec)
	if err != nil {
		return Result{}, fmt.Errorf("container: %w", err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), data, 0o644); err != nil {
		return Result{}, fmt.Errorf("container: %w", err)
	}
	log := filepath.Join(bundle, "log.json")
	runc := exec.CommandContext(ctx, r.runc, "--root", r.state, "--log", log, "--log-format", "json", "--rootless", rootless(),
		"run", "--no-new-keyring", "--bundle", bundle, id)
	runc.Cancel = func() error {
		return exec.Command(r.runc, "--root", r.state, "kill", id, "KILL").Run()
	}
	result, err := r.wait(runc)
	if err != nil {
		return Result{}, fmt.Errorf("container: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("container was stopped: %w", err)
	}
	if message := startError(log); message != "" {
		return Result{}, fmt.Errorf("container cannot run %s: %s", strings.Join(command, " "), message)
	}
	return result, nil
}

// rootless makes runc work without cgroups if they cannot be changed, as in most sandboxes. runc itself detects this only
// in a user namespace.
func rootless() string {
	for _, path := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/devices"} {
		if unix.Access(path, unix.W_OK) == nil {
			return "auto"
		}
	}
	return "true"
}

func (r *Runner) wait(runc *exec.Cmd) (Result, error) {
	var stdout, stderr bytes.Buffer
	runc.Stdout, runc.Stderr = &stdout, &stderr
	err := runc.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{}, err
	}
	return Result{Stdout: logged(stdout.Bytes()), Stderr: logged(stderr.Bytes()), ExitCode: runc.ProcessState.ExitCode()}, nil
}

// logged returns output in the form of Docker's log. That is JSON, so each byte that is not UTF-8 is U+FFFD.
func logged(output []byte) string {
	return string(bytes.Runes(output))
}

// startError returns the last error in runc's log. runc exits with the status of the command, so only the log shows whether
// the command failed or did not start.
func startError(log string) string {
	file, err := os.Open(log)
	if err != nil {
		return "" // no log was written: there was no error
	}
	defer file.Close()
	message := ""
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		var entry struct{ Level, Msg string }
		if json.Unmarshal(scanner.Bytes(), &entry) == nil && entry.Level == "error" {
			message = entry.Msg
		}
	}
	return message
}
