package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

const (
	image   = "/image"
	scratch = "/scratch/"

	commandTimeout = 60 * time.Second // what hangs is wrong in one cell, and does not cost the others
)

// container is a root file system over the image, and what the processes in it may do.
type container struct {
	root string
	attr syscall.SysProcAttr
}

// newContainer makes one in the thread's namespaces, and takes from what the thread starts from now on the capabilities
// that the container has not.
func newContainer(c plan.Cell) (*container, error) {
	root := &container{root: scratch + "root"}
	for _, dir := range []string{"root", "upper", "work"} {
		if err := os.RemoveAll(scratch + dir); err != nil { // of one that failed
			return nil, err
		}
		if err := os.Mkdir(scratch+dir, 0o755); err != nil {
			return nil, err
		}
	}
	for _, m := range []struct{ fstype, target, options string }{
		{"overlay", "", "lowerdir=" + image + ",upperdir=" + scratch + "upper,workdir=" + scratch + "work"},
		{"proc", "proc", ""},
		{"tmpfs", "run", "mode=1777"}, // for iptables-legacy's lock, plain users' too
	} {
		if err := unix.Mount(m.fstype, filepath.Join(root.root, m.target), m.fstype, 0, m.options); err != nil {
			return nil, fmt.Errorf("mount %s on /%s: %w", m.fstype, m.target, err)
		}
	}
	if c.ReadOnly {
		if err := unix.Mount("", root.root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			return nil, fmt.Errorf("remount read-only: %w", err)
		}
	}
	root.attr.Chroot = root.root
	switch c.Privilege {
	case plan.User:
		root.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	case plan.UserNamespace:
		// Root of the host's stays root, so that it could write what root can: nothing but the capabilities is missing.
		root.attr.Cloneflags = unix.CLONE_NEWUSER
		root.attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}}
		root.attr.GidMappings = root.attr.UidMappings
	}
	return root, drop(c.Privilege == plan.Admin)
}

// drop takes all capabilities from the thread's bounding set but those that Docker gives by default (man page
// docker-run(1), "Runtime privilege and Linux capabilities") and, if admin, CAP_NET_ADMIN.
func drop(admin bool) error {
	keep := map[uintptr]bool{
		unix.CAP_AUDIT_WRITE: true, unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true,
		unix.CAP_FSETID: true, unix.CAP_KILL: true, unix.CAP_MKNOD: true, unix.CAP_NET_BIND_SERVICE: true,
		unix.CAP_NET_RAW: true, unix.CAP_SETFCAP: true, unix.CAP_SETGID: true, unix.CAP_SETPCAP: true,
		unix.CAP_SETUID: true, unix.CAP_SYS_CHROOT: true, unix.CAP_NET_ADMIN: admin,
	}
	for c := uintptr(0); ; c++ {
		// The kernel's own last one, which may be before or after the one that package unix knows.
		if has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err != nil {
			return nil
		} else if has == 0 || keep[c] {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d: %w", c, err)
		}
	}
}

// leave removes the container.
func (c *container) leave() error {
	for _, mounted := range []string{"run", "proc", ""} {
		if err := unix.Unmount(filepath.Join(c.root, mounted), 0); err != nil {
			return fmt.Errorf("unmount /%s: %w", mounted, err)
		}
	}
	for _, dir := range []string{"root", "upper", "work"} {
		if err := os.RemoveAll(scratch + dir); err != nil {
			return err
		}
	}
	return nil
}

// run runs a program of the container.
func (c *container) run(path string, argv []string) (plan.Run, error) {
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path)
	cmd.Args, cmd.Env, cmd.Dir = argv, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, "/"
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &stdout, &stderr, &c.attr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return plan.Run{}, fmt.Errorf("%q in the container: %w", argv, err)
	}
	return plan.Run{Status: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}, nil
}

// pinned says whether the plain name leads to a mode's binary and not to the wrapper. Names that lead different ways, or
// nowhere, are an error.
func (c *container) pinned() (bool, error) {
	ends := map[string]bool{}
	for _, applet := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
		name := "/usr/sbin/" + applet
		for range 40 { // as many links as the kernel follows
			target, err := os.Readlink(c.root + name)
			if errors.Is(err, unix.EINVAL) { // not a link
				break
			}
			if err != nil {
				return false, err
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(name), target)
			}
			name = target
		}
		ends[filepath.Base(name)] = true
	}
	if len(ends) != 1 {
		return false, fmt.Errorf("the plain names lead to %v", ends)
	}
	return !ends["iptables-wrapper"], nil
}

// setUp runs one command of the host's own iptables: the image's programs, but in the guest's own root, where modprobe is.
func setUp(s plan.Step) error {
	const libraries = image + "/usr/lib/x86_64-linux-gnu"
	argv := append([]string{image + "/usr/lib64/ld-linux-x86-64.so.2", "--library-path", libraries,
		image + "/usr/sbin/xtables-" + s.Mode + "-multi"}, s.Argv...)
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/sbin", "XTABLES_LIBDIR=" + libraries + "/xtables"}
	cmd.Stdin = strings.NewReader(s.Stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("host's own %s %q: %w: %s", s.Mode, s.Argv, err, bytes.TrimSpace(out))
	}
	return nil
}
