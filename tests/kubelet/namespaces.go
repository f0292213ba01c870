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

// startNode runs this program as the first process of a node: in namespaces of its own, so that neither rules nor mounts,
// processes or host name are the machine's, and in a control group of its own, which is gone afterwards.
func startNode(ctx context.Context, mode, kubernetes string, args []string) (err error) {
	// The signal of a parent's death comes when the thread ends that started the child.
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
	// The shell, the only process of the node yet, goes into the groups: what is in a group already has it as its namespace's root.
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

// hierarchies returns where control groups are mounted: the one of version 2, or each one of version 1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(groupRoot, "cgroup.controllers")); err == nil {
		return []string{groupRoot}, nil
	}
	procs, err := filepath.Glob(filepath.Join(groupRoot, "*", "cgroup.procs"))
	if err == nil && procs == nil {
		err = fmt.Errorf("no control groups in %s", groupRoot)
	}
	var folders []string
	for _, file := range procs {
		// Two names of one hierarchy: cpu is a link to cpu,cpuacct.
		if folder := filepath.Dir(file); !isLink(folder) {
			folders = append(folders, folder)
		}
	}
	return folders, err
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func makeGroups(name string) (groups []string, err error) {
	folders, err := hierarchies()
	for _, folder := range folders {
		group := filepath.Join(folder, name)
		if err := os.Mkdir(group, 0o755); err != nil {
			return groups, err
		}
		groups = append(groups, group)
		// A new group of cpusets has none, and takes no process then.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			set, err := os.ReadFile(filepath.Join(folder, file))
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

// removeGroups removes the groups and those that the node made below them.
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
