package main

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
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

// maxLinks is how many links the kernel follows in a path (MAXSYMLINKS, include/linux/namei.h).
const maxLinks = 40

// selfPath returns the absolute path of the file this process executes, or "" if it cannot be found out. Without /proc
// it is the path given to execve(2), followed to the end of its links. (thread-self and not self, since package probe looks
// there, too: the kernel makes these folders anew for every process.)
func selfPath() string {
	var buf [unix.PathMax]byte
	if n, err := unix.Readlink("/proc/thread-self/exe", buf[:]); err == nil && n < len(buf) && buf[0] == '/' {
		return string(buf[:n])
	}
	path := absolute(execPath())
	for range maxLinks {
		n, err := unix.Readlink(path, buf[:])
		switch {
		case err == unix.EINVAL: // not a link: the end
			return path
		case err != nil || n == len(buf):
			return ""
		case buf[0] == '/':
			path = string(buf[:n])
		default:
			path = parent(path) + string(buf[:n])
		}
	}
	return ""
}

// absolute returns path from the root directory on.
func absolute(path string) string {
	if path == "" || path[0] == '/' {
		return path
	}
	dir, err := unix.Getwd()
	if err != nil {
		return ""
	}
	return dir + "/" + path
}

// parent returns path up to and with its last slash.
func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i+1]
		}
	}
	return ""
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
