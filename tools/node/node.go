// Package node creates the environment of the demo and the benchmark: a network namespace without firewall rules as the
// host, and the root file system of an image in it as the container. It needs root.
package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Node is a host with one container. Its namespaces belong to the thread of the goroutine that created it.
type Node struct {
	root string // the container's root file system
}

// Run creates a node and calls f with it. The root file system is an overlay: its lower layer is the image unpacked at
// dir (see Unpack), which is not changed. scratch is an empty directory for files that the container writes. The node
// does not exist after Run returns.
func Run(dir, scratch string, f func(*Node) error) error {
	done := make(chan error)
	go func() {
		// The thread stays locked, so it ends with this goroutine, and the kernel removes its namespaces and mounts.
		runtime.LockOSThread()
		n, err := enter(dir, scratch)
		if err == nil {
			err = f(n)
		}
		done <- err
	}()
	return <-done
}

func enter(dir, scratch string) (*Node, error) {
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		return nil, fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("make mounts private: %w", err)
	}
	n := &Node{root: filepath.Join(scratch, "root")}
	upper, work := filepath.Join(scratch, "upper"), filepath.Join(scratch, "work")
	for _, d := range []string{n.root, upper, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return nil, err
		}
	}
	layers := "lowerdir=" + dir + ",upperdir=" + upper + ",workdir=" + work
	for _, m := range []struct{ source, target, fstype, options string }{
		{"overlay", "", "overlay", layers},
		{"proc", "proc", "proc", ""},
		{"tmpfs", "run", "tmpfs", ""},
	} {
		if err := unix.Mount(m.source, filepath.Join(n.root, m.target), m.fstype, 0, m.options); err != nil {
			return nil, fmt.Errorf("mount %s on /%s: %w", m.fstype, m.target, err)
		}
	}
	return n, nil
}

// Add copies a program to path in the container.
func (n *Node) Add(program, path string) error {
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(n.root, path), data, 0o755)
}

// ReadOnly makes the container's root file system read-only or writable. /run, where iptables-legacy has its lock,
// stays writable.
func (n *Node) ReadOnly(is bool) error {
	flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND)
	if is {
		flags |= unix.MS_RDONLY
	}
	return unix.Mount("", n.root, "", flags, "")
}

// Command returns a command that runs argv in the container.
func (n *Node) Command(argv ...string) *exec.Cmd {
	return &exec.Cmd{
		Path:        argv[0],
		Args:        argv,
		Env:         []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Dir:         "/",
		SysProcAttr: &syscall.SysProcAttr{Chroot: n.root},
	}
}

// Output runs argv, with stdin as its standard input, and returns its standard output. The error of a command that
// failed contains its standard error.
func (n *Node) Output(stdin string, argv ...string) (string, error) {
	cmd := n.Command(argv...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

// Links returns the chain of symlinks that starts at a path in the container. The last element is the file at the end.
func (n *Node) Links(path string) ([]string, error) {
	chain := []string{path}
	for range 40 { // the kernel's maximum
		target, err := os.Readlink(filepath.Join(n.root, path))
		if errors.Is(err, syscall.EINVAL) { // not a symlink
			return chain, nil
		}
		if err != nil {
			return chain, err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
		chain = append(chain, path)
	}
	return chain, fmt.Errorf("%s: %w", chain[0], syscall.ELOOP)
}
