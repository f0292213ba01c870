// Package docker_test runs the images in Docker: as users do with docker run, with Docker's default seccomp profile,
// and with profiles that deny system calls of the wrapper.
package docker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const (
	debian     = "iptables-wrappers/debian:trixie"
	distroless = "iptables-wrappers/distroless:trixie"

	imagesVariable = "CLIENTS_IMAGES"    // archives of docker load, separated by colons
	engineVariable = "CLIENTS_ENGINE"    // engine.sh
	insideVariable = "CLIENTS_IN_ENGINE" // set by this program for itself
)

// privileges are only those that iptables needs. The seccomp profile is the engine's default.
var privileges = []string{"--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW"}

// TestMain starts this test binary again with a separate engine.
func TestMain(m *testing.M) {
	os.Exit(runInEngine(m))
}

func runInEngine(m *testing.M) int {
	archives := os.Getenv(imagesVariable)
	if archives == "" {
		return m.Run()
	}
	if os.Getenv(insideVariable) != "" {
		for _, archive := range strings.Split(archives, ":") {
			if out, err := exec.Command("docker", "load", "--quiet", "--input", archive).CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "docker load %s: %v\n%s", archive, err, out)
				return 1
			}
		}
		return m.Run()
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	engine := exec.Command(os.Getenv(engineVariable), append([]string{self}, os.Args[1:]...)...)
	engine.Env = append(os.Environ(), insideVariable+"=1")
	engine.Stdout, engine.Stderr = os.Stdout, os.Stderr
	err = engine.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// result is the result of a container's command.
type result struct {
	stdout, stderr string
	status         int
}

func docker(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	// A container that hangs must not use up the time of the whole test. The test's context cannot be used, because it
	// ends before the cleanup.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("docker %q: %v", args, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := docker(t, stdin, args...)
	if r.status != 0 {
		t.Fatalf("docker %q: status %d\n%s%s", args, r.status, r.stdout, r.stderr)
	}
	return r.stdout
}

// host is a network without rules, which represents a node. The other containers share it, like pods with hostNetwork.
type host struct {
	t    *testing.T
	name string
	lock string // the node's /run/xtables.lock
	runs *int   // how many containers have run on it
}

// newHost makes a host whose kubelet uses a mode.
func newHost(t *testing.T, mode string) *host {
	t.Helper()
	needs.Variable(t, imagesVariable)
	h := &host{t, strings.ReplaceAll(t.Name(), "/", "-") + "-" + mode, filepath.Join(t.TempDir(), "xtables.lock"), new(int)}
	if err := os.WriteFile(h.lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "", "run", "--detach", "--name", h.name, "--network", "none", debian, "sleep", "3600")
	t.Cleanup(func() { docker(t, "", "rm", "--force", "--volumes", h.name) })
	h.must(nil, debian, "iptables-"+mode, "-t", "mangle", "-N", "KUBE-IPTABLES-HINT")
	return h
}

// in returns the same host, which reports errors to the subtest t.
func (h host) in(t *testing.T) *host {
	h.t = t
	return &h
}

// options returns the options of docker run for a container on the host.
func (h *host) options(more ...string) []string {
	options := append([]string{"run", "--network", "container:" + h.name, "--volume", h.lock + ":/run/xtables.lock"}, privileges...)
	return append(options, more...)
}

// run runs a command in a new container.
func (h *host) run(options []string, command ...string) result {
	h.t.Helper()
	*h.runs++
	name := fmt.Sprintf("%s-%d", h.name, *h.runs)
	r := docker(h.t, "", append(append(h.options("--name", name), options...), command...)...)
	if r.status >= 125 && r.status <= 127 { // Docker's own status, if it did not execute the command
		return r
	}
	// In about one of a thousand cases, docker run prints no output of a container that ends immediately.
	logs := docker(h.t, "", "logs", name)
	return result{logs.stdout, logs.stderr, r.status}
}

func (h *host) must(options []string, command ...string) string {
	h.t.Helper()
	r := h.run(options, command...)
	if r.status != 0 {
		h.t.Fatalf("%q: status %d\n%s%s", command, r.status, r.stdout, r.stderr)
	}
	return r.stdout
}
