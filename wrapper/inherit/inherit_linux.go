// Package inherit hands down what a process got from its parent and the Go runtime takes away before main.
//
// The runtime installs a handler for every signal but an ignored SIGHUP or SIGINT, unblocks some signals, and opens
// /dev/null on standard descriptors that were closed (runtime/signal_unix.go, runtime/fds_unix.go). After execve(2) an
// ignored SIGPIPE or SIGTERM is then back at its default, and a program that should have failed to write to a closed
// standard output succeeds. A program that stands in for another must not do that.
//
// Nothing in Go runs early enough to see the original state, so it is recorded by an entry point that runs before the
// runtime's own. The linker is told with
//
//	-ldflags "-E github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit.entry"
//
// Without that flag nothing is recorded and [Restore] does nothing: the program works, with the gaps named above.
package inherit

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	signals = 64 // _NSIG, include/uapi/asm-generic/signal.h; the same on every architecture entry_linux_*.s is for

	// actionSize is the room for one struct sigaction of the kernel: 32 bytes on 64-bit architectures, 20 on 32-bit ones. Its
	// first word is the handler on all of them.
	actionSize = 32

	sigIgn = 1 // SIG_IGN, include/uapi/asm-generic/signal-defs.h
)

// Written by entry, before the Go runtime starts, and never after. They lie in .bss, so that entry can write them
// before there is a heap.
var (
	recorded uint32                        // 1 once entry ran
	actions  [signals + 1][actionSize]byte // by signal number, from rt_sigaction(2)
	blocked  uint64                        // from rt_sigprocmask(2); one bit a signal
	closed   [3]uint32                     // 1 where fcntl(fd, F_GETFD) failed
)

// entry is the process's entry point, in entry_linux_*.s. It is never called from Go.
func entry()

// Restore makes ignored signals ignored again, sets the calling thread's signal mask to the inherited one, and closes
// the standard descriptors that were closed at the start. It is for the last moment before execve(2): the caller must
// have locked its goroutine to its thread, since the mask is the thread's.
func Restore() {
	if recorded == 0 {
		return
	}
	for sig := 1; sig <= signals; sig++ {
		action := actions[sig]
		if *(*uintptr)(unsafe.Pointer(&action[0])) != sigIgn {
			continue // the default, or a handler, which execve resets to the default
		}
		// The whole struct as the kernel returned it. SIGKILL and SIGSTOP cannot be ignored, so no error is possible
		// that could be acted on here.
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, signals/8, 0, 0)
	}
	mask := blocked
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&mask)), 0, signals/8, 0, 0)
	for fd, was := range closed {
		if was == 1 {
			unix.Close(fd)
		}
	}
}
