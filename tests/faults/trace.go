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

// fault is what happens at a system call of a process: it gets a signal, or the call fails.
type fault struct {
	name   string
	signal unix.Signal
	errno  unix.Errno // 0 means a signal
	// lasting contains calls that all fail from then on. If it is nil, only one call fails.
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
	// The kernel makes a file system read-only after an error (errors=remount-ro).
	{name: "read-only", errno: unix.EROFS, lasting: map[string]bool{
		"creat": true, "write": true, "symlinkat": true, "linkat": true, "renameat": true, "unlinkat": true, "fchmod": true, "fchown": true,
	}},
}

// appliesTo reports whether f can be injected into a system call.
func (f fault) appliesTo(call string) bool {
	switch {
	case f.errno == 0:
		return true
	case f.lasting != nil:
		return f.lasting[call]
	}
	return faulty[call]
}

// program describes a program to run.
type program struct {
	chroot string // empty: the current root
	path   string
	argv   []string
	env    []string
}

// outcome is the result of a run.
type outcome struct {
	calls          []string // system calls into which the fault could be injected
	hit            string   // the call into which it was injected; empty if the run ended before
	status         unix.WaitStatus
	stdout, stderr string
	hung           bool
}

func (o outcome) endedBy(signal unix.Signal) bool {
	return o.status.Signaled() && o.status.Signal() == signal
}
func (o outcome) exit() int { return o.status.ExitStatus() }

// limit is the time after which a run is killed.
const limit = 30 * time.Second

// trace runs p and injects f into system call number at, counted from 0 among those into which f can be injected. If at
// is negative, it injects nothing. It traces only the first thread, until execve(2): the wrapper does all its work in
// that thread.
//
// The caller's goroutine must be locked to its thread, because ptrace(2) requires it.
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
		if !f.appliesTo(name) {
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
				continue // the signal is delivered at the end of this system call
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
