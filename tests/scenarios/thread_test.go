package scenarios

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attributesVariable is set for this test binary when it replaces a mode's binary. It then prints the process attributes that it
// inherited.
const attributesVariable = "SCENARIOS_ATTRIBUTES"

func init() {
	if os.Getenv(attributesVariable) == "" {
		return
	}
	runtime.LockOSThread() // the first thread's attributes are printed
	if err := printAttributes(os.Stdout); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Constants that package unix does not have: include/uapi/linux/ioprio.h, keyctl.h, securebits.h.
const (
	ioprioWhoProcess = 1
	ioprioBestEffort = 2 << 13     // class IOPRIO_CLASS_BE; the level is added
	noSetuidFixup    = 1<<2 | 1<<3 // SECBIT_NO_SETUID_FIXUP and its lock
)

// printAttributes prints all attributes that a process or thread inherits from its parent and keeps over execve(2).
func printAttributes(w io.Writer) error {
	for _, name := range []string{"status", "limits", "timerslack_ns", "oom_score_adj", "cgroup", "cmdline", "environ"} {
		text, err := os.ReadFile("/proc/self/" + name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %s\n", name, text)
	}
	for _, option := range []struct {
		name  string
		value uintptr
	}{
		{"keep capabilities", unix.PR_GET_KEEPCAPS},
		{"dumpable", unix.PR_GET_DUMPABLE},
		{"securebits", unix.PR_GET_SECUREBITS},
		{"timer slack", unix.PR_GET_TIMERSLACK},
		{"huge pages disabled", unix.PR_GET_THP_DISABLE},
		{"no new privileges", unix.PR_GET_NO_NEW_PRIVS},
		{"memory-failure policy", unix.PR_MCE_KILL_GET},
		{"timing", unix.PR_GET_TIMING},
		{"secure computing", unix.PR_GET_SECCOMP},
	} {
		value, _, errno := unix.Syscall6(unix.SYS_PRCTL, option.value, 0, 0, 0, 0, 0)
		fmt.Fprintf(w, "%s: %d, errno %d\n", option.name, value, errno)
	}
	var signal int32
	if err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0); err != nil {
		return err
	}
	fmt.Fprintf(w, "parent-death signal: %d\n", signal)
	scheduling, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "scheduling: %+v\n", *scheduling)
	priority, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, ioprioWhoProcess, 0, 0)
	fmt.Fprintf(w, "input and output priority: %#x, errno %d\n", priority, errno)
	ring, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	fmt.Fprintf(w, "session keyring: %d, %v\n", ring, err)
	var timer unix.Itimerval
	timer, err = unix.Getitimer(unix.ITIMER_VIRTUAL)
	fmt.Fprintf(w, "virtual timer runs: %v, %v\n", timer.Value.Sec > 0, err)
	return nil
}

// arrange sets every attribute of this thread that a child process inherits to a value that is not the default, so that
// a loss is visible. The thread must not be reused.
func arrange() error {
	var cpus unix.CPUSet
	cpus.Set(0)
	_, keyring := unix.KeyctlJoinSessionKeyring("scenarios")
	if keyring == unix.ENOSYS { // a kernel without keyrings
		keyring = nil
	}
	_, _, ioprio := unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, 0, ioprioBestEffort|7)
	steps := []error{
		keyring,
		unix.SchedSetaffinity(0, &cpus),
		unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_BATCH, Nice: 7}, 0),
		unix.Prctl(unix.PR_SET_TIMERSLACK, 123456, 0, 0, 0),
		unix.Prctl(unix.PR_SET_SECUREBITS, noSetuidFixup, 0, 0, 0),
		unix.Prctl(unix.PR_MCE_KILL, unix.PR_MCE_KILL_SET, unix.PR_MCE_KILL_EARLY, 0, 0),
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
	}
	if ioprio != 0 {
		steps = append(steps, ioprio)
	}
	for i, err := range steps {
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

// newAttributesHost creates a host in which this test binary replaces the nft binary.
func newAttributesHost(t *testing.T) *host {
	t.Helper()
	h := newHost(t)
	h.remove("xtables-nft-multi")
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	if err := writeFile(filepath.Join(h.root, "usr/sbin/xtables-nft-multi"), self, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestThread compares the attributes of a process that was started directly with those of one that was started through
// the wrapper.
func TestThread(t *testing.T) {
	h := newAttributesHost(t)
	h.attr.Pdeathsig = syscall.SIGUSR2
	done := h.inThread(func() error {
		if err := arrange(); err != nil {
			return err
		}
		env := []string{"IPTABLES_WRAPPER_MODE=nft", attributesVariable + "=1"}
		argv := []string{"iptables", "one", "", "two words"}
		want := h.do(call{path: "/usr/sbin/xtables-nft-multi", argv: argv, env: env})
		got := h.do(call{path: "/usr/sbin/iptables", argv: argv, env: env})
		for _, line := range []string{
			"timer slack: 123456,", "parent-death signal: 12\n", "NoNewPrivs:\t1\n", "Cpus_allowed_list:\t0\n", "Policy:3",
			"securebits: 12,", "input and output priority: 0x4007,", "memory-failure policy: 1,",
		} {
			if !strings.Contains(want.stdout, line) {
				return fmt.Errorf("the arrangement to compare lacks %q:\n%s%s", line, want.stdout, want.stderr)
			}
		}
		if direct, through := withoutChance(want), withoutChance(got); direct != through {
			return fmt.Errorf("directly:\n%s\nthrough the wrapper:\n%s", direct, through)
		}
		return nil
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// chance matches fields that differ between any two processes: IDs, memory use, context switches, queued signals.
var chance = regexp.MustCompile(`(?m)^(Pid|Tgid|Threads|NSpid|NStgid|NSpgid|NSsid|Vm\w+|Rss\w+|SigQ|\w*voluntary_ctxt_switches):.*\n`)

func withoutChance(r result) string { return chance.ReplaceAllString(r.stdout, "") + r.stderr }

// TestParentDeathSignal makes 1,500 calls. Each must keep its parent-death signal.
func TestParentDeathSignal(t *testing.T) {
	const calls = 1500
	h := newAttributesHost(t)
	h.attr.Pdeathsig = syscall.SIGUSR2
	right := 0
	for range calls {
		out := h.must(call{argv: []string{"/usr/sbin/iptables"}, env: []string{"IPTABLES_WRAPPER_MODE=nft", attributesVariable + "=1"}})
		if strings.Contains(out, "\nparent-death signal: 12\n") {
			right++
		}
	}
	t.Logf("%d calls, %d right", calls, right)
	if right != calls {
		t.Errorf("%d of %d calls have the parent-death signal", right, calls)
	}
}
