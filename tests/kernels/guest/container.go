package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

const (
	image   = "/image"
	scratch = "/scratch/"

	commandTimeout = 5 * time.Minute // a command that hangs fails its own cell, and the other cells still run
)

// container is a root file system over the image, with the privileges of its processes.
type container struct {
	root    string
	attr    syscall.SysProcAttr
	mounted []string // below root, in this order
}

// newContainer makes a container in the thread's namespaces. It removes the capabilities that the container lacks from
// all processes that the thread starts.
func newContainer(c plan.Cell) (*container, error) {
	if c.OtherNetwork {
		// This thread joins it, too, so that look inspects the container's namespace.
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return nil, fmt.Errorf("unshare the network: %w", err)
		}
	}
	root := &container{root: scratch + "root"}
	for _, dir := range []string{"root", "upper", "work"} {
		if err := os.RemoveAll(scratch + dir); err != nil { // left by a failed container
			return nil, err
		}
		if err := os.Mkdir(scratch+dir, 0o755); err != nil {
			return nil, err
		}
	}
	lower := image
	if c.Command != nil {
		lower = unpacked
	}
	type mount struct{ fstype, target, options string }
	mounts := []mount{
		{"overlay", "", "lowerdir=" + lower + ",upperdir=" + scratch + "upper,workdir=" + scratch + "work"},
		{"proc", "proc", ""},
		{"sysfs", "sys", ""},
	}
	if c.Command == nil { // a container engine leaves /run as the image has it
		mounts = append(mounts, mount{"tmpfs", "run", "mode=1777"}) // for iptables-legacy's lock, plain users' too
	}
	for _, m := range mounts {
		if err := unix.Mount(m.fstype, filepath.Join(root.root, m.target), m.fstype, 0, m.options); err != nil {
			return nil, fmt.Errorf("mount %s on /%s: %w", m.fstype, m.target, err)
		}
		root.mounted = append(root.mounted, m.target)
	}
	if len(c.Unlisted) > 0 {
		if err := root.unlist(c.Unlisted); err != nil {
			return nil, err
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
	case plan.Ambient:
		root.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		root.attr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}
	case plan.UserNamespace:
		// Root is mapped to the host's root, so only the capabilities are missing, and files stay writable.
		root.attr.Cloneflags = unix.CLONE_NEWUSER
		root.attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}}
		root.attr.GidMappings = root.attr.UidMappings
	}
	return root, drop(c.Privilege == plan.Admin || c.Privilege == plan.Ambient)
}

// unlist mounts a copy of /proc/modules over the container's. The copy omits some modules, as in a kernel where they
// are built in.
func (c *container) unlist(prefixes []string) error {
	text, err := os.ReadFile("/proc/modules")
	if err != nil {
		return err
	}
	var left strings.Builder
	for line := range strings.Lines(string(text)) {
		if !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(line, prefix) }) {
			left.WriteString(line)
		}
	}
	if err := os.WriteFile(scratch+"modules", []byte(left.String()), 0o444); err != nil {
		return err
	}
	if err := unix.Mount(scratch+"modules", c.root+"/proc/modules", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount over /proc/modules: %w", err)
	}
	c.mounted = append(c.mounted, "proc/modules")
	return nil
}

// drop removes all capabilities from the thread's bounding set, except Docker's default (man page docker-run(1),
// "Runtime privilege and Linux capabilities") and, if admin is true, CAP_NET_ADMIN.
func drop(admin bool) error {
	keep := map[uintptr]bool{
		unix.CAP_AUDIT_WRITE: true, unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true,
		unix.CAP_FSETID: true, unix.CAP_KILL: true, unix.CAP_MKNOD: true, unix.CAP_NET_BIND_SERVICE: true,
		unix.CAP_NET_RAW: true, unix.CAP_SETFCAP: true, unix.CAP_SETGID: true, unix.CAP_SETPCAP: true,
		unix.CAP_SETUID: true, unix.CAP_SYS_CHROOT: true, unix.CAP_NET_ADMIN: admin,
	}
	for c := uintptr(0); ; c++ {
		// The kernel's last capability can be lower or higher than the last one that package unix knows.
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
	for _, mounted := range slices.Backward(c.mounted) {
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

// command returns a command that runs in the container.
func (c *container) command(ctx context.Context, path string, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path)
	cmd.Args, cmd.Env, cmd.Dir, cmd.SysProcAttr = argv, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, "/", &c.attr
	return cmd
}

// run runs a command in the container and returns its result.
func (c *container) run(path string, call plan.Call, env ...string) (plan.Run, error) {
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	cmd := c.command(ctx, path, call.Argv...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(call.Stdin), &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return plan.Run{}, fmt.Errorf("%q in the container: %w", call.Argv, err)
	}
	return plan.Run{Status: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}, nil
}

// links returns the name of the file to which all six applets lead. If they lead to several files, or one leads
// nowhere, the result is an error.
func (c *container) links() (string, error) {
	ends := map[string]bool{}
	for _, applet := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
		name := "/usr/sbin/" + applet
		for range 40 { // the kernel's maximum
			target, err := os.Readlink(c.root + name)
			if errors.Is(err, unix.EINVAL) { // not a symlink
				break
			}
			if err != nil {
				return "", err
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(name), target)
			}
			name = target
		}
		ends[filepath.Base(name)] = true
	}
	names := slices.Collect(maps.Keys(ends))
	if len(names) != 1 {
		return "", fmt.Errorf("the applets lead to %v", names)
	}
	return names[0], nil
}
