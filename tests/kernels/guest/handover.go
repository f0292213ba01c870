package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// handOverCalls is the number of calls that receive SIGTERM in each test: with the signal at its default, ignored, blocked
// and pending.
const handOverCalls = 50

// handOver checks on this architecture that the wrapper preserves signals, environment variables and closed descriptors.
// The host has no kubelet chain, so each call is a first call. It returns the errors.
func handOver(root *container) ([]string, error) {
	var problems []string
	version, err := root.run("/usr/sbin/iptables-wrapper", plan.Call{Argv: []string{"iptables-wrapper", "version"}})
	if err != nil {
		return nil, err
	}
	// A second line means that the binary was linked without the entry point for the exact hand-over.
	if version.Status != 0 || version.Stderr != "" || strings.Count(version.Stdout, "\n") != 1 {
		problems = append(problems, fmt.Sprintf("iptables-wrapper version: %+v", version))
	}
	for _, check := range []func(*container) ([]string, error){signals, pending, variables, closed} {
		found, err := check(root)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	return problems, nil
}

// signals sends SIGTERM to calls at a random instant. The signal may end a call only if the caller neither ignores nor
// blocks it.
func signals(root *container) ([]string, error) {
	began := time.Now()
	if _, err := ended(root, 5, 0); err != nil {
		return nil, err
	}
	window := time.Since(began) / 5
	var problems []string
	if n, err := ended(root, handOverCalls, window); err != nil {
		return nil, err
	} else if n == 0 {
		problems = append(problems, "SIGTERM ended no call, though nothing ignored it: the other counts say nothing")
	}

	none := make(chan os.Signal, 1)
	signal.Ignore(unix.SIGTERM)
	n, err := ended(root, handOverCalls, window)
	signal.Notify(none, unix.SIGTERM) // signal.Reset would leave the signal ignored
	signal.Stop(none)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		problems = append(problems, fmt.Sprintf("SIGTERM ignored: %d of %d calls ended", n, handOverCalls))
	}

	err = blocking(func() error {
		n, err = ended(root, handOverCalls, window)
		return err
	})
	if n > 0 {
		problems = append(problems, fmt.Sprintf("SIGTERM blocked: %d of %d calls ended", n, handOverCalls))
	}
	return problems, err
}

// blocking calls f while this thread, and the processes that it starts, block SIGTERM.
func blocking(f func() error) error {
	var set, before unix.Sigset_t
	set.Val[(unix.SIGTERM-1)/wordBits] = 1 << ((unix.SIGTERM - 1) % wordBits)
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &set, &before); err != nil {
		return fmt.Errorf("block SIGTERM: %w", err)
	}
	err := f()
	if restored := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err == nil {
		err = restored
	}
	return err
}

// wordBits is the number of bits in a word of a signal set.
const wordBits = strconv.IntSize

// ended starts calls one after the other, and sends each SIGTERM at a random instant within the given time (0: no
// signal). It returns the number of calls that failed.
func ended(root *container, calls int, within time.Duration) (n int, err error) {
	for range calls {
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
		cmd := root.command(ctx, "/usr/sbin/iptables", "iptables", "-V")
		err := cmd.Start()
		if err == nil && within > 0 {
			for start, wait := time.Now(), rand.N(within); time.Since(start) < wait; {
			}
			err = cmd.Process.Signal(unix.SIGTERM)
		}
		if err == nil && cmd.Wait() != nil {
			n++
		}
		cancel()
		if err != nil {
			return n, fmt.Errorf("call with a signal: %w", err)
		}
	}
	return n, nil
}

// pending makes a call with a pending, blocked SIGTERM.
func pending(root *container) ([]string, error) {
	n := 0
	err := blocking(func() error {
		for range handOverCalls {
			run, err := root.run("/bin/sh", plan.Call{Argv: []string{"sh", "-c", "kill -TERM $$; exec /usr/sbin/iptables -V"}})
			if err != nil {
				return err
			}
			if run.Status != 0 {
				n++
			}
		}
		return nil
	})
	if n > 0 {
		return []string{fmt.Sprintf("SIGTERM pending: %d of %d calls ended", n, handOverCalls)}, err
	}
	return nil, err
}

// variables sets environment variables of the Go runtime, which the wrapper must ignore.
func variables(root *container) ([]string, error) {
	call := plan.Call{Argv: []string{"iptables", "-V"}}
	want, err := root.run("/usr/sbin/iptables", call)
	if err != nil {
		return nil, err
	}
	got, err := root.run("/usr/sbin/iptables", call, "GOMEMLIMIT=1Gi", "GOGC=off", "GODEBUG=inittrace=1", "GOTRACEBACK=crash")
	if err != nil {
		return nil, err
	}
	if got != want {
		return []string{fmt.Sprintf("variables of Go: got %+v, without them %+v", got, want)}, nil
	}
	return nil, nil
}

// closed makes calls with closed standard descriptors, in a root without /dev/null, and checks the descriptors of the
// binary while it waits for a file that it opens.
func closed(root *container) ([]string, error) {
	if err := os.Remove(root.root + "/dev/null"); err != nil {
		return nil, err
	}
	if err := unix.Mkfifo(root.root+"/run/fifo", 0o600); err != nil {
		return nil, err
	}
	var problems []string
	for _, c := range []struct {
		closing string
		want    []string
	}{
		{"<&-", []string{"1", "2"}},
		{">&-", []string{"0", "2"}},
		{"2>&-", []string{"0", "1"}},
		{"<&- >&- 2>&-", nil},
	} {
		got, err := openIn(root, c.closing)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(got, c.want) {
			problems = append(problems, fmt.Sprintf("closed with %s: open are %q, want %q", c.closing, got, c.want))
		}
	}
	return problems, nil
}

// openIn returns the sorted descriptors of the binary that a call executes.
func openIn(root *container, closing string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	cmd := root.command(ctx, "/bin/sh", "sh", "-c", "exec /usr/sbin/iptables-restore /run/fifo "+closing)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	process := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid))
	for slept := 0; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		binary, err := os.Readlink(process + "/exe")
		if err != nil || filepath.Base(binary) != binaryOf("nft") {
			continue
		}
		status, err := os.ReadFile(process + "/status")
		if err != nil {
			return nil, err
		}
		// The binary first sleeps when it waits for a writer of the FIFO.
		if !strings.Contains(string(status), "State:\tS") {
			slept = 0
			continue
		}
		if slept++; slept < 3 {
			continue
		}
		files, err := os.ReadDir(process + "/fd")
		if err != nil {
			return nil, err
		}
		var names []string
		for _, f := range files {
			names = append(names, f.Name())
		}
		return names, nil
	}
	return nil, fmt.Errorf("closed with %s: the call never became a binary that waits for its file: %w", closing, syscall.ETIMEDOUT)
}
