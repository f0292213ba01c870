package docker_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// The system calls of the wrapper, a static Go program: those that strace -f shows, and those that it makes in other
// layouts and on other kernels.
var (
	// The wrapper detects the mode with these calls. iptables needs most of them, too, so without one of them both may
	// fail.
	probing = []string{"socket", "setsockopt", "connect", "bind", "sendto", "recvfrom", "getsockopt", "read", "access", "flock"}
	// The wrapper and Go's runtime also use these calls, for example to follow symlinks and to pin. iptables needs none
	// of them.
	comfort = []string{
		"faccessat", "faccessat2", "fchmod", "getpid", "gettid", "linkat", "madvise", "mkdirat", "nanosleep", "newfstatat",
		"openat2", "prctl", "prlimit64", "readlinkat", "renameat", "renameat2", "rt_sigaction", "sched_getaffinity",
		"sched_yield", "symlinkat", "tgkill", "unlinkat",
	}
	// No Go program starts without these calls. The same is true of futex, but without futex Docker's runc fails first.
	runtime = []string{"clone", "fcntl", "rt_sigprocmask", "sigaltstack"}
	// iptables in both modes, its loader, and the last steps of runc need these calls.
	needed = []string{
		"access", "arch_prctl", "bind", "brk", "capget", "capset", "chdir", "close", "close_range", "dup", "dup2", "dup3",
		"epoll_ctl", "epoll_pwait", "execve", "exit", "exit_group", "fchdir", "fcntl", "flock", "fstat", "fstatfs", "futex",
		"getdents64", "geteuid", "getppid", "getrandom", "getsockname", "getsockopt", "getuid", "ioctl", "lseek", "mmap",
		"mprotect", "munmap", "openat", "openat2", "pread64", "prlimit64", "pselect6", "read", "readlink", "recvmsg", "rseq",
		"rt_sigreturn", "sendmsg", "sendto", "set_robust_list", "set_tid_address", "setgid", "setgroups", "setsockopt",
		"setuid", "socket", "statfs", "statx", "write",
	}
)

// profile is a seccomp profile in Docker's format (https://docs.docker.com/engine/security/seccomp/).
type profile struct {
	DefaultAction   string `json:"defaultAction"`
	DefaultErrnoRet *int   `json:"defaultErrnoRet,omitempty"`
	Syscalls        []rule `json:"syscalls"`
}

type rule struct {
	Names    []string `json:"names"`
	Action   string   `json:"action"`
	ErrnoRet *int     `json:"errnoRet,omitempty"`
}

const (
	allow = "SCMP_ACT_ALLOW"
	deny  = "SCMP_ACT_ERRNO"
)

// errnos are the errors that profiles return. EPERM is Docker's default; ENOSYS means that the kernel does not have the
// call.
var errnos = map[string]int{"EPERM": 1, "ENOSYS": 38}

func without(errno int, calls ...string) profile {
	return profile{allow, nil, []rule{{calls, deny, &errno}}}
}

func only(errno int, calls ...string) profile {
	return profile{deny, &errno, []rule{{calls, allow, nil}}}
}

// denial is a set of denied system calls.
type denial struct {
	name    string
	profile func(errno int) profile
	works   bool // iptables itself must still work; otherwise the test would show nothing
}

// denials returns all denials. With -test.short, the harmless calls are only denied all together, not also one by one.
func denials() []denial {
	var all []denial
	for _, call := range probing {
		all = append(all, denial{call, func(errno int) profile { return without(errno, call) }, false})
	}
	for _, call := range comfort {
		if !testing.Short() {
			all = append(all, denial{call, func(errno int) profile { return without(errno, call) }, true})
		}
	}
	// runc opens a file of /proc with one of these two.
	for _, kept := range []string{"openat2", "readlinkat"} {
		rest := slices.DeleteFunc(slices.Clone(comfort), func(call string) bool { return call == kept })
		name := fmt.Sprintf("%d calls but %s", len(rest), kept)
		all = append(all, denial{name, func(errno int) profile { return without(errno, rest...) }, true})
	}
	kept := slices.Concat(needed, runtime)
	return append(all, denial{"what iptables does not need", func(errno int) profile { return only(errno, kept...) }, true})
}

// TestSeccomp denies system calls. If iptables in the host's mode still works, the wrapper must work with the same
// effect. Otherwise the wrapper must end without a crash.
func TestSeccomp(t *testing.T) {
	hosts := map[string]*host{"nft": newHost(t, "nft"), "legacy": newHost(t, "legacy")}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "DENIED\tBY\tON AN NFT HOST\t\tON A LEGACY HOST\t")
	for _, d := range denials() {
		for _, errno := range []string{"EPERM", "ENOSYS"} {
			fmt.Fprintf(table, "%s\t%s", d.name, errno)
			for _, mode := range []string{"nft", "legacy"} {
				t.Run(strings.ReplaceAll(d.name, " ", "-")+"/"+errno+"/"+mode, func(t *testing.T) {
					h := hosts[mode].in(t)
					options := confined(t, d.profile(errnos[errno]))
					direct := h.run(options, debian, "iptables-"+mode, "-t", "mangle", "-S")
					if d.works && direct.status != 0 {
						t.Errorf("iptables-%s itself fails: %+v", mode, direct)
					}
					decision, verdict := h.denied(mode, options, direct)
					fmt.Fprintf(table, "\t%s\t%s", decision, verdict)
				})
			}
			fmt.Fprintln(table)
		}
	}
}

// confined returns the options of docker run for a profile. With no-new-privileges, runc installs the filter as its
// last step, so that the filter affects few of runc's own calls.
func confined(t *testing.T, p profile) []string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--security-opt", "no-new-privileges", "--security-opt", "seccomp=" + file}
}

// denied calls the wrapper. It returns the wrapper's decision, and a comparison with iptables in the host's mode.
func (h *host) denied(mode string, options []string, direct result) (decision, verdict string) {
	wrapped := h.run(append(options, "--env", "IPTABLES_WRAPPER_DEBUG=1"), debian, "iptables", "-t", "mangle", "-S")
	report, _, decided := strings.Cut(wrapped.stderr, "runs: ")
	decision = field(report, "mode:") + " " + field(report, "reason:")
	switch {
	case crashed(wrapped):
		h.t.Errorf("crashed: %+v", wrapped)
		return decision, "CRASHED"
	case direct.status == 0 && (wrapped.status != 0 || wrapped.stdout != direct.stdout):
		h.t.Errorf("iptables: %+v\niptables-%s: %+v", wrapped, mode, direct)
		return decision, "DIFFERENT"
	case direct.status == 0:
		return decision, "same"
	case !decided && wrapped.status != direct.status:
		h.t.Errorf("neither decides nor fails as iptables-%s does (%+v): %+v", mode, direct, wrapped)
		return decision, "DIFFERENT"
	}
	return decision, "iptables-" + mode + " fails"
}

// crashed returns true if a program was ended by a signal or by Go's runtime.
func crashed(r result) bool {
	return r.status > 128 || strings.Contains(r.stderr, "goroutine ") || strings.Contains(r.stderr, "runtime stack")
}

// field returns the first word after a label in the wrapper's report.
func field(report, label string) string {
	_, after, _ := strings.Cut(report, label)
	if words := strings.Fields(after); len(words) > 0 {
		return words[0]
	}
	return "-"
}

// TestSeccompRuntime documents a limitation: where Go's runtime cannot start, the wrapper fails although iptables could
// run. If a row starts to work, move it to TestSeccomp.
func TestSeccompRuntime(t *testing.T) {
	h := newHost(t, "nft")
	for _, call := range runtime {
		t.Run(call, func(t *testing.T) {
			options := confined(t, without(errnos["EPERM"], call))
			if r := h.run(options, debian, "iptables-nft", "-S"); r.status != 0 {
				t.Errorf("iptables-nft itself fails: %+v", r)
			}
			r := h.run(options, debian, "iptables", "-S")
			if !crashed(r) {
				t.Errorf("%+v: Go's runtime can do without %s now", r, call)
			}
		})
	}
}
