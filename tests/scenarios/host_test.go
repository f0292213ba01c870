package scenarios

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// host is a network namespace without rules, with a container's root file system in it. Both end with the test.
type host struct {
	t    *testing.T
	root string
	attr syscall.SysProcAttr // attributes of the processes that the test starts
}

// newHost moves the test's goroutine permanently to a thread in new namespaces, and mounts the image there.
func newHost(t *testing.T) *host {
	t.Helper()
	h := newHostWithoutProc(t)
	mount(t, "proc", filepath.Join(h.root, "proc"), "proc", 0)
	return h
}

// newHostWithoutProc returns the same as newHost, but its container has no /proc.
func newHostWithoutProc(t *testing.T) *host {
	t.Helper()
	needs.Machine(t, "root")
	needs.Variable(t, rootfsVariable)
	// The thread stays locked, so it ends with the test's goroutine, and the kernel removes its namespaces. This thread
	// starts all processes, so they are in its namespaces.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		t.Fatalf("unshare: %v", err)
	}
	remount(t, "/", unix.MS_REC|unix.MS_PRIVATE)
	h := &host{t: t, root: parts.image.mountRoot(t)}
	h.attr.Chroot = h.root
	return h
}

// mount mounts a file system. It is unmounted before the test's directory is removed, so that the removal does not
// delete files in it.
func mount(t *testing.T, source, target, fstype string, flags uintptr, options ...string) {
	t.Helper()
	if err := unix.Mount(source, target, fstype, flags, strings.Join(options, ",")); err != nil {
		t.Fatalf("mount %s: %v", target, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
			t.Fatalf("unmount %s: %v", target, err)
		}
	})
}

// remount changes the flags of a mount.
func remount(t *testing.T, target string, flags uintptr) {
	t.Helper()
	if err := unix.Mount("", target, "", flags, ""); err != nil {
		t.Fatalf("remount %s: %v", target, err)
	}
}

// install installs the wrapper again.
func (h *host) install() {
	h.t.Helper()
	if err := parts.image.install(h.root); err != nil {
		h.t.Fatal(err)
	}
}

// readOnly makes the root file system read-only, except /run, which iptables-legacy needs for its lock.
func (h *host) readOnly() {
	h.t.Helper()
	mount(h.t, h.root, h.root, "", unix.MS_BIND|unix.MS_REC)
	remount(h.t, h.root, unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY)
	mount(h.t, "tmpfs", filepath.Join(h.root, "run"), "tmpfs", 0)
}

// call describes one command.
type call struct {
	path  string // in the container; argv[0] if empty
	argv  []string
	env   []string
	stdin io.Reader
	attr  *syscall.SysProcAttr // nil for the host's
}

// result is the result of one command.
type result struct {
	stdout, stderr string
	status         syscall.WaitStatus
}

func (h *host) do(c call) result {
	h.t.Helper()
	cmd := h.command(c)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatalf("%q: %v", c.argv, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.Sys().(syscall.WaitStatus)}
}

func (h *host) command(c call) *exec.Cmd {
	attr := c.attr
	if attr == nil {
		attr = &h.attr
	}
	env := append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, c.env...)
	path := c.path
	if path == "" {
		path = c.argv[0]
	}
	return &exec.Cmd{Path: path, Args: c.argv, Env: env, Dir: "/", Stdin: c.stdin, SysProcAttr: attr}
}

// run runs a command that must succeed, and returns its standard output.
func (h *host) run(argv ...string) string {
	h.t.Helper()
	return h.must(call{argv: argv})
}

func (h *host) must(c call) string {
	h.t.Helper()
	r := h.do(c)
	if r.status != 0 {
		h.t.Fatalf("%q: status %#x\n%s%s", c.argv, r.status, r.stdout, r.stderr)
	}
	return r.stdout
}

// restore passes rules to the restore command of one mode and family, such as "iptables-nft".
func (h *host) restore(command string, rules ...string) {
	h.t.Helper()
	h.must(call{argv: []string{"/usr/sbin/" + command + "-restore"}, stdin: strings.NewReader(strings.Join(rules, "\n") + "\n")})
}

// version calls an applet with -V through its symlink and returns the mode in the output.
func (h *host) version(applet string) string {
	h.t.Helper()
	out := h.run("/usr/sbin/"+applet, "-V")
	switch {
	case strings.Contains(out, "(nf_tables)"):
		return "nft"
	case strings.Contains(out, "(legacy)"):
		return "legacy"
	}
	h.t.Fatalf("%s -V: %q", applet, out)
	return ""
}

// pinned returns true if the applet's symlink leads to a mode's binary rather than to the wrapper.
func (h *host) pinned(applet string) bool {
	h.t.Helper()
	path := "/usr/sbin/" + applet
	for range 40 {
		target, err := os.Readlink(h.root + path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	if _, err := os.Lstat(h.root + path); err != nil {
		h.t.Fatalf("%s leads nowhere: %v", applet, err)
	}
	return filepath.Base(path) != "iptables-wrapper"
}
