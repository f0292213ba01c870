package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// rights are the expected values in /proc/PID/status of the example's process. It has two capabilities in its own sets
// and in the bounding set, and none in the inheritable and ambient sets. It cannot gain privileges through set-user-ID
// programs. A seccomp filter is active (2).
var rights = func() map[string]string {
	two := fmt.Sprintf("%016x", 1<<unix.CAP_NET_ADMIN|1<<unix.CAP_NET_RAW)
	return map[string]string{
		"CapPrm": two, "CapEff": two, "CapBnd": two, "CapInh": strings.Repeat("0", 16), "CapAmb": strings.Repeat("0", 16),
		"NoNewPrivs": "1", "Seccomp": "2",
	}
}()

// checkRights inspects the agent's process from the node, so the result does not depend on the process.
func (n *node) checkRights(f *finding) error {
	status, err := f.container.status()
	if err != nil {
		return err
	}
	if len(status.Containers) != 1 {
		return fmt.Errorf("%d containers, not 1", len(status.Containers))
	}
	id := strings.TrimPrefix(status.Containers[0].ContainerID, "containerd://")
	tasks, err := ctr("tasks", "ls")
	if err != nil {
		return err
	}
	var process string
	for line := range strings.Lines(tasks) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == id {
			process = "/proc/" + words[1]
		}
	}
	if process == "" {
		return fmt.Errorf("container %s: not among containerd's tasks:\n%s", id, tasks)
	}
	text, err := os.ReadFile(process + "/status")
	if err != nil {
		return err
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		if want, known := rights[name]; known {
			seen++
			if value != want {
				f.differs("process: %s is %s, not %s", name, value, want)
			}
		}
	}
	if seen != len(rights) {
		f.differs("process: %d of %d rights are in its status", seen, len(rights))
	}
	// If the node's own processes already have an attribute, a container has it in any case. So check the
	// configuration that runc received instead.
	info, err := ctr("containers", "info", id)
	if err != nil {
		return err
	}
	var created struct {
		Spec struct {
			Process struct{ NoNewPrivileges bool }
		}
	}
	if err := json.Unmarshal([]byte(info), &created); err != nil {
		return err
	}
	if !created.Spec.Process.NoNewPrivileges {
		f.differs("process: noNewPrivileges is not in runc's configuration")
	}
	mounts, err := os.ReadFile(process + "/mountinfo")
	if err != nil {
		return err
	}
	if !rootReadOnly(string(mounts)) {
		f.differs("process: its root file system is writable")
	}
	target, err := ctr("tasks", "exec", "--exec-id", "where", id, "readlink", "-f", "/usr/sbin/iptables")
	if err != nil {
		return err
	}
	if f.leadsTo = filepath.Base(strings.TrimSpace(target)); f.leadsTo != "iptables-wrapper" {
		f.differs("iptables leads to %q", target)
	}
	return nil
}

// rootReadOnly parses proc_pid_mountinfo(5): the fifth field is the mount point, the sixth contains the options.
func rootReadOnly(mounts string) bool {
	for line := range strings.Lines(mounts) {
		if fields := strings.Fields(line); len(fields) > 5 && fields[4] == "/" {
			return slices.Contains(strings.Split(fields[5], ","), "ro")
		}
	}
	return false
}
