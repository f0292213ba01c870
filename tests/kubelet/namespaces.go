package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// startNode runs this program as the first process of a node. It has separate namespaces, so that it cannot change the
// machine's rules, mounts, processes or host name, and a separate cgroup, which is removed afterwards.
func startNode(ctx context.Context, mode, kubernetes string, args []string) (err error) {
	// The kernel sends the parent-death signal when the thread ends that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	scratch, err := os.MkdirTemp("", "kubelet")
	if err != nil {
		return err
	}
	groups, err := makeGroups(filepath.Base(scratch))
	defer func() { err = errors.Join(err, removeGroups(groups), os.RemoveAll(scratch)) }()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// The shell is the only process of the node so far. It joins the cgroups first, so that they become the roots of
	// its cgroup namespace.
	join := `for group in $GROUPS_TO_JOIN; do echo 0 >"$group/cgroup.procs" || exit; done; exec unshare --cgroup "$@"`
	cmd := exec.CommandContext(ctx, "unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc",
		"sh", "-c", join, "sh", self, "node")
	cmd.Args = append(cmd.Args, args...)
	cmd.Args = append(cmd.Args, "--kubernetes="+kubernetes, "--mode="+mode, "--scratch="+scratch)
	cmd.Env = append(os.Environ(), "GROUPS_TO_JOIN="+strings.Join(groups, " "))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	err = cmd.Run()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() == 1 {
		return errDiffers // or an error that the node has printed
	}
	return err
}

const groupRoot = "/sys/fs/cgroup"

// hierarchies returns the mount points of cgroups: the one of version 2, or all of version 1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(groupRoot, "cgroup.controllers")); err == nil {
		return []string{groupRoot}, nil
	}
	procs, err := filepath.Glob(filepath.Join(groupRoot, "*", "cgroup.procs"))
	if err == nil && procs == nil {
		err = fmt.Errorf("no control groups in %s", groupRoot)
	}
	var dirs []string
	for _, file := range procs {
		// A hierarchy can have two names: cpu is a symlink to cpu,cpuacct.
		if dir := filepath.Dir(file); !isLink(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs, err
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func makeGroups(name string) (groups []string, err error) {
	dirs, err := hierarchies()
	for _, dir := range dirs {
		group := filepath.Join(dir, name)
		if err := os.Mkdir(group, 0o755); err != nil {
			return groups, err
		}
		groups = append(groups, group)
		// A new cpuset cgroup has no CPUs and memory nodes, and accepts no process until they are set.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			set, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(group, file), set, 0o644); err != nil {
				return groups, err
			}
		}
	}
	return groups, err
}

// removeGroups removes the cgroups, with those that the node created below them.
func removeGroups(groups []string) error {
	var failed error
	for _, group := range groups {
		var below []string
		err := filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				below = append(below, path)
			}
			return err
		})
		failed = errors.Join(failed, err)
		for i := len(below) - 1; i >= 0; i-- {
			failed = errors.Join(failed, wait("end of "+below[i], func() (bool, error) {
				err := unix.Rmdir(below[i])
				return !errors.Is(err, unix.EBUSY), err
			}))
		}
	}
	return failed
}
