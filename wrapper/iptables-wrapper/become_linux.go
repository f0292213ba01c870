package main

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// become executes path in this process. It returns only if that fails. Everything the caller set up reaches the new
// program: unix.Exec puts back the limit on open files that package syscall raised, inherit.Restore the rest.
//
// It is called on the thread that our caller started, whose parent-death signal, timer slack and other attributes of a
// thread it keeps: see init in main.go.
func become(path string, argv, env []string) error {
	inherit.Restore()
	for {
		if err := unix.Exec(path, argv, env); err != unix.EINTR {
			return err
		}
	}
}

// selfPath returns the absolute path of the file this process executes, or "" if it cannot be found out. Without /proc
// it is the path given to execve(2), followed to the end of its links. (thread-self and not self, since package probe looks
// there, too: the kernel makes these folders anew for every process.)
func selfPath() string {
	var buf [unix.PathMax]byte
	if n, err := unix.Readlink("/proc/thread-self/exe", buf[:]); err == nil && n < len(buf) && buf[0] == '/' {
		return string(buf[:n])
	}
	path := execPath()
	if path == "" {
		return ""
	}
	if path[0] != '/' {
		dir, err := unix.Getwd()
		if err != nil {
			return ""
		}
		path = dir + "/" + path
	}
	end, _ := rootfs.Host().Resolve(path)
	return end
}

// execPath returns the path that was given to execve(2): the kernel leaves its address in the auxiliary vector
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
