package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fault is what befalls a process at one of its system calls: it gets a signal, or the call fails.
type fault struct {
	name   string
	signal unix.Signal
	errno  unix.Errno // 0: a signal
	// lasting is of which calls all fail from then on; nil: the fault befalls one call.
	lasting map[string]bool
}

var faults = []fault{
	{name: "kill", signal: unix.SIGKILL},
	{name: "SIGHUP", signal: unix.SIGHUP},
	{name: "SIGINT", signal: unix.SIGINT},
	{name: "SIGTERM", signal: unix.SIGTERM},
	{name: "ENOSPC", errno: unix.ENOSPC},
	{name: "EROFS", errno: unix.EROFS},
	{name: "EACCES", errno: unix.EACCES},
	{name: "EIO", errno: unix.EIO},
	{name: "EINTR", errno: unix.EINTR},
	{name: "full disk", errno: unix.ENOSPC, lasting: map[string]bool{"creat": true, "write": true, "symlinkat": true, "linkat": true}},
	// As the kernel does with a file system that has an error (errors=remount-ro).
	{name: "read-only", errno: unix.EROFS, lasting: map[string]bool{
		"creat": true, "write": true, "symlinkat": true, "linkat": true, "renameat": true, "unlinkat": true, "fchmod": true, "fchown": true,
	}},
}

// befalls tells whether f can befall a call.
func (f fault) befalls(call string) bool {
	switch {
	case f.errno == 0:
		return true
	case f.lasting != nil:
		return f.lasting[call]
	}
	return faulty[call]
}

// program is a program to run.
type program struct {
	chroot string // empty: in this root
	path   string
	argv   []string
	env    []string
}

// outcome is how a run ended.
type outcome struct {
	calls          []string // system calls that the fault could befall
	hit            string   // the one that it did befall; empty: the run ended before
	status         unix.WaitStatus
	stdout, stderr string
	hung           bool
}

func (o outcome) endedBy(signal unix.Signal) bool {
	return o.status.Signaled() && o.status.Signal() == signal
}
func (o outcome) exit() int { return o.status.ExitStatus() }

// limit ends a run that hangs.
const limit = 30 * time.Second

// trace runs p, and f befalls it at system call number at (from 0, of those that f can befall); with at < 0 none. Only the
// thread that the program starts in is followed, and only until it becomes another program: the wrapper does all its work in
// that thread.
//
// The caller's goroutine is locked to its thread, as ptrace(2) wants it.
func trace(p program, f fault, at int) (outcome, error) {
	var o outcome
	stdout, err := memory()
	if err != nil {
		return o, err
	}
	defer stdout.Close()
	stderr, err := memory()
	if err != nil {
		return o, err
	}
	defer stderr.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return o, err
	}
	defer null.Close()
	process, err := os.StartProcess(p.path, p.argv, &os.ProcAttr{
		Dir: "/", Env: p.env, Files: []*os.File{null, stdout, stderr},
		Sys: &syscall.SysProcAttr{Chroot: p.chroot, Ptrace: true},
	})
	if err != nil {
		return o, fmt.Errorf("%s: %w", p.path, err)
	}
	pid := process.Pid
	_ = process.Release()
	guard := time.AfterFunc(limit, func() { _ = unix.Kill(pid, unix.SIGKILL) })
	err = o.follow(pid, f, at)
	for f.signal != 0 && err == unix.ESRCH {
		// The signal ends the process from another thread.
		if err = wait(pid, &o.status); err == nil && o.status.Stopped() {
			err = unix.ESRCH
		}
	}
	o.hung = !guard.Stop()
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL)
		return o, fmt.Errorf("trace %s: %w", p.path, err)
	}
	o.stdout, err = content(stdout)
	if err == nil {
		o.stderr, err = content(stderr)
	}
	return o, err
}

func (o *outcome) follow(pid int, f fault, at int) error {
	if err := wait(pid, &o.status); err != nil || !o.status.Stopped() {
		return errors.Join(err, errors.New("it did not stop at its start"))
	}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return err
	}
	inside, failing, signal := false, false, 0
	for {
		if err := unix.PtraceSyscall(pid, signal); err != nil {
			return err
		}
		if err := wait(pid, &o.status); err != nil {
			return err
		}
		signal = 0
		switch {
		case o.status.Exited(), o.status.Signaled():
			return nil
		case o.status.TrapCause() == unix.PTRACE_EVENT_EXEC:
			if err := unix.PtraceDetach(pid); err != nil {
				return err
			}
			return wait(pid, &o.status)
		case o.status.StopSignal() != unix.SIGTRAP|0x80:
			signal = int(o.status.StopSignal())
			continue
		}
		inside = !inside
		if !inside {
			if failing {
				failing = false
				if err := result(pid, f.errno); err != nil {
					return err
				}
			}
			continue
		}
		name, err := entered(pid)
		if err != nil {
			return err
		}
		if !f.befalls(name) {
			continue
		}
		o.calls = append(o.calls, name)
		if len(o.calls)-1 == at {
			o.hit = name
		} else if o.hit == "" || f.lasting == nil {
			continue
		}
		if f.errno == 0 {
			if err := unix.Kill(pid, f.signal); err != nil {
				return err
			}
			if f.signal != unix.SIGKILL {
				continue // it is delivered at the end of this system call
			}
			return wait(pid, &o.status)
		}
		failing = true
		if err := skip(pid); err != nil {
			return err
		}
	}
}

func wait(pid int, status *unix.WaitStatus) error {
	for {
		if _, err := unix.Wait4(pid, status, unix.WALL, nil); err != unix.EINTR {
			return err
		}
	}
}

func memory() (*os.File, error) {
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "output"), nil
}

func content(f *os.File) (string, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
	return string(data), err
}
