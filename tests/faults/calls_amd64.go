package main

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// names has the system calls that take a path or a descriptor, as far as a Go program makes them.
// The calls by which Go's runtime gets memory and threads, and asks whether its standard descriptors are open, are
// not among them: a program cannot go on without, and none of these errors is theirs.
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

// faulty tells which calls the faults other than kill befall.
var faulty = func() map[string]bool {
	all := map[string]bool{"creat": true}
	for _, name := range names {
		all[name] = true
	}
	return all
}()

// entered names the system call that the process has just entered; one that creates a file is a creat.
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

// skip makes the kernel not make the call that the process has just entered.
func skip(pid int) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Orig_rax = ^uint64(0)
	return unix.PtraceSetRegs(pid, &regs)
}

// result sets what the call that the process is about to leave returns.
func result(pid int, errno unix.Errno) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Rax = -uint64(errno)
	return unix.PtraceSetRegs(pid, &regs)
}
