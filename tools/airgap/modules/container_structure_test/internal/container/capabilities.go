package container

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// allCapabilities are indexed by number (linux/capability.h).
var allCapabilities = [...]string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
	"CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
	"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

// isDefault reports whether Docker gives the capability to a container without options (moby, oci/caps/defaults.go).
func isDefault(capability string) bool {
	switch capability {
	case "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
		"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT":
		return true
	}
	return false
}

// capabilities returns the capabilities of a container. A test may write net_admin, NET_ADMIN, CAP_NET_ADMIN or ALL.
// Without privileges, the names are checked and have no effect, as in Docker. A process can pass on only capabilities that
// it has: if this process lacks one of the defaults or of ALL, that one is left out. If it lacks a named one, that is an
// error.
func capabilities(options Options) ([]string, error) {
	bounds, err := bounding()
	if err != nil {
		return nil, err
	}
	all := options.all()
	named := []string{}
	for _, name := range options.Capabilities {
		upper := strings.ToUpper(name)
		if upper == "ALL" {
			all = options.Privileged
			continue
		}
		if !strings.HasPrefix(upper, "CAP_") {
			upper = "CAP_" + upper
		}
		number := slices.Index(allCapabilities[:], upper)
		if number < 0 {
			return nil, fmt.Errorf("capability %q is unknown: see capabilities(7)", name)
		}
		if !options.Privileged {
			continue
		}
		if bounds&(1<<number) == 0 {
			return nil, fmt.Errorf("capability %s cannot be granted to a container: this process does not have it", upper)
		}
		named = append(named, upper)
	}
	granted := []string{}
	for number, name := range allCapabilities {
		if bounds&(1<<number) != 0 && (all || isDefault(name) || slices.Contains(named, name)) {
			granted = append(granted, name)
		}
	}
	return granted, nil
}

// bounding returns this process's bounding set, a bit per capability (proc_pid_status(5)).
func bounding() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if text, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			return strconv.ParseUint(strings.TrimSpace(text), 16, 64)
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no CapBnd line")
}
