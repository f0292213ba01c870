package installer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ignoreSignals makes the process ignore the signals that usually end an install, until restore: changes are completed, which
// takes milliseconds. It asks the kernel directly. Package os/signal would only deliver the signals to a goroutine, for 70 kB more;
// to block them would need each thread of the Go runtime to do so.
func ignoreSignals() (restore func()) {
	// The kernel's struct sigaction begins with the handler on every supported architecture, and is smaller than this. What
	// else is in it is only stored and put back.
	type sigaction [8]uintptr
	signals := [...]uintptr{uintptr(unix.SIGHUP), uintptr(unix.SIGINT), uintptr(unix.SIGTERM)}
	var old [len(signals)]sigaction
	set := func(signal uintptr, is, was *sigaction) {
		const sizeOfMask = 8
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(is)), uintptr(unsafe.Pointer(was)), sizeOfMask, 0, 0)
	}
	for i, signal := range signals {
		set(signal, &sigaction{1}, &old[i]) // SIG_IGN
	}
	return func() {
		for i, signal := range signals {
			set(signal, &old[i], nil)
		}
	}
}
