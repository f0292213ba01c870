package main

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// become executes path in this process. It returns only if that fails. Package inherit says why the new program gets
// everything that the caller set up; unix.Exec restores the limit on open files, which package syscall raises.
//
// main runs on the thread that our caller started (see init in main.go). That thread keeps its parent-death signal, its timer
// slack and other attributes.
func become(path string, argv, env []string) error {
	for {
		if err := unix.Exec(path, argv, env); err != unix.EINTR {
			return err
		}
	}
}

// selfPath returns the absolute path of the file this process executes, or "" if it is unknown. Without /proc it is the path
// given to execve(2), with its symlinks resolved.
//
// User-mode emulators (qemu-user through binfmt_misc) translate /proc/self/exe, and not /proc/thread-self/exe, which
// names the emulator.
func selfPath() string {
	if path, _ := rootfs.Host().Readlink("/proc/self/exe"); path != "" && path[0] == '/' {
		return path
	}
	path := execPath()
	if path == "" {
		return ""
	}
	path, err := absolute(path)
	if err != nil {
		return ""
	}
	end, _ := rootfs.Host().Resolve(path)
	return end
}

// emulated reports whether a user-mode emulator executes the file self.
func emulated(self string) bool {
	path, err := rootfs.Host().Readlink("/proc/thread-self/exe")
	return err == nil && path != self
}

// execPath returns the path that was given to execve(2): the kernel puts its address into the auxiliary vector
// (create_elf_tables in fs/binfmt_elf.c).
func execPath() string {
	const atExecfn = 31 // AT_EXECFN, include/uapi/linux/auxvec.h
	auxv, err := unix.Auxv()
	if err != nil {
		return ""
	}
	for i := range auxv {
		if auxv[i][0] == atExecfn {
			return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&auxv[i][1])))
		}
	}
	return ""
}
