package main

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// names contains the system calls with a path or a descriptor that a Go program makes. It does not contain calls with
// which Go's runtime allocates memory, creates threads or checks the standard descriptors. A program cannot continue
// without those, and they do not return the errors that are injected here.
var names = map[uint64]string{
	unix.SYS_READ: "read", unix.SYS_PREAD64: "pread64", unix.SYS_WRITE: "write", unix.SYS_OPEN: "open", unix.SYS_OPENAT: "openat",
	unix.SYS_CLOSE: "close", unix.SYS_STAT: "stat", unix.SYS_FSTAT: "fstat", unix.SYS_LSTAT: "lstat",
	unix.SYS_NEWFSTATAT: "newfstatat", unix.SYS_STATX: "statx", unix.SYS_ACCESS: "access", unix.SYS_FACCESSAT: "faccessat",
	unix.SYS_FACCESSAT2: "faccessat2", unix.SYS_READLINK: "readlink", unix.SYS_READLINKAT: "readlinkat",
	unix.SYS_SYMLINKAT: "symlinkat", unix.SYS_LINKAT: "linkat", unix.SYS_UNLINKAT: "unlinkat", unix.SYS_RENAMEAT: "renameat",
	unix.SYS_RENAMEAT2: "renameat2", unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHOWN: "fchown", unix.SYS_FLOCK: "flock",
	unix.SYS_IOCTL: "ioctl", unix.SYS_GETDENTS64: "getdents64", unix.SYS_GETCWD: "getcwd",
	unix.SYS_SOCKET: "socket", unix.SYS_BIND: "bind", unix.SYS_SENDTO: "sendto", unix.SYS_SENDMSG: "sendmsg",
	unix.SYS_RECVFROM: "recvfrom", unix.SYS_RECVMSG: "recvmsg", unix.SYS_SETSOCKOPT: "setsockopt",
	unix.SYS_GETSOCKOPT: "getsockopt", unix.SYS_EXECVE: "execve",
}

// faulty contains the calls into which errors are injected. Kills are injected into all calls.
var faulty = func() map[string]bool {
	all := map[string]bool{"creat": true}
	for _, name := range names {
		all[name] = true
	}
	return all
}()

// entered returns the name of the system call that the process has just entered. A call that creates a file is called
// creat.
func entered(pid int) (string, error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return "", err
	}
	switch name := names[regs.Orig_rax]; {
	case name == "openat" && regs.Rdx&unix.O_CREAT != 0:
		return "creat", nil
	case name == "write" && regs.Rdi <= 2:
		return "write to a standard stream", nil
	case name != "":
		return name, nil
	}
	return "system call " + strconv.FormatUint(regs.Orig_rax, 10), nil
}

// skip prevents the kernel from executing the system call that the process has just entered.
func skip(pid int) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Orig_rax = ^uint64(0)
	return unix.PtraceSetRegs(pid, &regs)
}

// result sets the result of the system call that the process is about to leave.
func result(pid int, errno unix.Errno) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Rax = -uint64(errno)
	return unix.PtraceSetRegs(pid, &regs)
}
