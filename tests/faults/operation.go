package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// operation is an install or a first call into which faults are injected.
type operation struct {
	layout  layout
	name    string
	pins    bool // true for a first call
	mode    mode.Mode
	program program
	ground  *ground

	undisturbed changes // its changes when no fault is injected
	known       map[string]verdict
}

// verdict describes a root file system after a fault.
type verdict struct {
	broken string
	left   string
}

var environment = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root"}

// execute runs a program without a fault.
func execute(p program) (string, error) {
	var stderr strings.Builder
	command := exec.Cmd{
		Path: p.path, Args: p.argv, Env: p.env, Dir: "/", Stderr: &stderr, SysProcAttr: &syscall.SysProcAttr{Chroot: p.chroot},
	}
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%q: %w %s", p.argv, err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// in returns a program that runs in the root file system.
func (g *ground) in(argv ...string) program {
	return program{chroot: g.root, path: argv[0], argv: argv, env: environment}
}

// prepare makes a network namespace in which kubelet uses the operation's mode, and records what the operation changes
// without a fault.
func (o *operation) prepare() error {
	o.known = map[string]verdict{}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	for _, family := range []applet.Applet{applet.IPTables, applet.IP6Tables} {
		hint := o.ground.in("/usr/sbin/"+family.In(o.mode), "-t", "mangle", "-N", "KUBE-IPTABLES-HINT")
		if _, err := execute(hint); err != nil {
			return err
		}
	}
	if err := o.ground.reset(); err != nil {
		return err
	}
	if _, err := execute(o.program); err != nil {
		return err
	}
	var err error
	o.undisturbed, err = o.ground.changes()
	if err == nil && len(o.undisturbed) < 6 {
		err = fmt.Errorf("it changes only\n%v", o.undisturbed)
	}
	return err
}

// judge checks the root file system after a run with this outcome.
func (o *operation) judge(f fault, out outcome) (verdict, error) {
	now, err := o.ground.changes()
	if err != nil {
		return verdict{}, err
	}
	if wrong := o.status(f, out, now); wrong != "" {
		return verdict{broken: wrong}, nil
	}
	// The checks below depend only on the root file system, so a state that was checked already is not checked again.
	state := now.String()
	v, seen := o.known[state]
	if !seen {
		v = o.aftermath()
		o.known[state] = v
	}
	return v, nil
}

// status returns an error if the exit status does not fit the changes of the run, or "".
func (o *operation) status(f fault, out outcome, now changes) string {
	says := fmt.Sprintf("exit %d, %q, %q", out.exit(), out.stdout, out.stderr)
	switch {
	case out.hung:
		return "it hangs"
	case f.signal == unix.SIGKILL:
		if !out.endedBy(f.signal) {
			return "killed, and yet: " + says
		}
	case f.errno == 0 && out.endedBy(f.signal):
		// A call that fails may leave any part of its changes, as if it had been killed. An install must change nothing
		// or everything.
		if differs := now.against(o.undisturbed); !o.pins && len(now) != 0 && differs != "" {
			return "ended by the signal, and left: " + differs
		}
	case !out.status.Exited():
		return fmt.Sprintf("it dies of %v", out.status.Signal())
	case strings.Count(out.stderr, "\n") > 1 || strings.Contains(out.stderr, "goroutine"):
		return "not one line: " + says
	case o.pins && out.hit == "execve" && out.exit() == 1 && strings.Contains(out.stderr, f.errno.Error()):
		// execve(2) itself failed, so the call cannot execute the command.
	case o.pins:
		if out.exit() != 0 || out.stderr != "" || !strings.HasPrefix(out.stdout, "iptables v1.") {
			return "the command fails: " + says
		}
	case out.exit() == 0:
		if differs := now.without().against(o.undisturbed.without()); differs != "" {
			return "it says done, and is not: " + differs
		}
	case f.name == "read-only" && (len(now.without()) == 0 || strings.Contains(out.stderr, "taking the changes back")):
		// A lasting fault also prevents the rollback.
	case len(now) != 0:
		return says + ", and yet it changed " + now.String()
	}
	return ""
}

// aftermath checks the root file system: all six names, the database, and a second run.
func (o *operation) aftermath() verdict {
	override := append([]string{"IPTABLES_WRAPPER_MODE=" + o.mode.String()}, environment...) // so that nothing is pinned yet
	if err := errors.Join(o.names(override), o.database()); err != nil {
		return verdict{broken: "after it: " + err.Error()}
	}
	if _, err := execute(o.program); err != nil {
		return verdict{broken: "second run: " + err.Error()}
	}
	now, err := o.ground.changes()
	if err != nil {
		return verdict{broken: err.Error()}
	}
	if differs := now.without().against(o.undisturbed.without()); differs != "" {
		return verdict{broken: "second run: " + differs}
	}
	found := len(now)
	if o.pins { // see leftByInstall
		maps.DeleteFunc(now, func(name, _ string) bool { return strings.HasSuffix(name, "/.iptables-wrapper.lock") })
	}
	v := verdict{left: now.against(o.undisturbed)}
	if err := errors.Join(o.names(environment), o.database()); err != nil {
		v.broken = "after the second run: " + err.Error()
	}
	if v.left == "" && len(now) < found {
		v.left, err = o.leftByInstall()
		if err != nil {
			v.broken = "the next install: " + err.Error()
		}
	}
	return v
}

// leftByInstall runs an install and returns the wrapper's hidden files that exist after it. A call that was killed between its last
// symlink and the removal of the lock's file leaves that file, and the next call does not reach the wrapper.
func (o *operation) leftByInstall() (string, error) {
	if _, err := execute(o.ground.in("/iptables-wrapper", "install")); err != nil {
		return "", err
	}
	now, err := o.ground.changes()
	for name := range now.without() {
		delete(now, name)
	}
	return now.String(), err
}

// names runs all six names.
func (o *operation) names(env []string) error {
	want := map[mode.Mode]string{mode.NFT: "(nf_tables)\n", mode.Legacy: "(legacy)\n"}[o.mode]
	var failed []error
	for _, a := range applet.All() {
		call := o.ground.in("/usr/sbin/"+a.String(), "-V")
		call.argv[0], call.env = a.String(), env
		out, err := execute(call)
		if err == nil && (!strings.HasPrefix(out, a.String()+" v1.") || !strings.HasSuffix(out, want)) {
			err = fmt.Errorf("%s says %q, want %s", a, out, want)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// database checks that the database can be read by the program that owns it, if that is installed here, and by the
// wrapper.
func (o *operation) database() error {
	root, err := rootfs.Open(o.ground.root)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, group := range []string{"iptables", "ip6tables"} {
		if _, err := os.Lstat(filepath.Join(o.ground.root, "var/lib/dpkg/alternatives", group)); err == nil {
			if out, err := execute(o.ground.in("/usr/bin/update-alternatives", "--query", group)); err != nil || !strings.Contains(out, "Best: ") {
				return fmt.Errorf("update-alternatives printed %q, %w", out, err)
			}
		}
		if _, err := links.ReadState(root, group); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
