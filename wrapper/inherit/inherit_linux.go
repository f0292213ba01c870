// Package inherit passes everything that this process inherited from its caller to the binary of the selected mode: signal
// dispositions, the signal mask, pending signals, closed standard descriptors and the environment.
//
// A Go program loses these before its first line of Go runs. The runtime installs a handler for most signals and unblocks those
// that end a process (initsig and minitSignalMask in runtime/signal_unix.go). So a signal that the caller ignores or blocks could
// end the wrapper. The runtime opens /dev/null on closed standard descriptors, and ends the process if there is no /dev/null
// (runtime/fds_unix.go). It also obeys the caller's GOMEMLIMIT, GODEBUG and similar variables, or ends the process.
//
// Therefore the process has an entry point that runs before the runtime's own, in entry_linux_*.s. It
//
//   - clears the flags in runtime.sigtable: a signal without flags gets no handler and is not unblocked;
//   - opens "/" with O_PATH and O_CLOEXEC on each closed standard descriptor: nothing can be read from or written to it, and
//     execve(2) closes it;
//   - advances the pointer to each environment variable that begins with GO by one byte, so that the runtime does not
//     recognise it, and records the address of envp, from which [Environ] reads the original environment;
//   - shows the runtime GOMAXPROCS=1 in place of the first variable: it then starts fewer threads, which shortens a call.
//
// Nothing has to be restored before execve(2). The entry point needs the build tag and the linker flags that make and Bazel set
// (HANDOVER_LDFLAGS in Makefile). Without -checklinkname=0, the linker refuses references to runtime.sigtable. Without
// asyncpreemptoff=1, the runtime unblocks SIGURG, which it uses to preempt goroutines. A program built without these flags works,
// but has the gaps named above: see [Exact].
package inherit

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// environment has room for all pointers that execve(2) accepts. MAX_ARG_STRINGS and a stack of 6 MB limit it (fs/exec.c).
type environment [1 << 20]*byte

// entry is the entry point of the process. Go code never calls it.
func entry()

var (
	// envp is the address of the environment on the stack, an array of pointers that ends with nil (create_elf_tables in
	// fs/binfmt_elf.c). It is nil without the entry point.
	envp *environment

	first        *byte // the first variable, which entry replaces by oneProcessor
	oneProcessor = [...]byte{'G', 'O', 'M', 'A', 'X', 'P', 'R', 'O', 'C', 'S', '=', '1', 0}

	// rootDir is a path that entry can open.
	rootDir = [2]byte{'/', 0}
)

// Arguments returns the command line. Package os starts from the same slice, but importing it adds 150 kB.
//
//go:linkname Arguments os.runtime_args
func Arguments() []string

// runtimeEnviron returns the slice that package syscall starts from.
//
//go:linkname runtimeEnviron syscall.runtime_envs
func runtimeEnviron() []string

// Environ returns the environment as execve(2) passed it, with empty entries and with entries of the same name. It does not
// contain the GOTRACEBACK=none that the runtime adds for a process with file capabilities (runtime/security_unix.go).
func Environ() []string {
	if envp == nil {
		return runtimeEnviron()
	}
	var all []string
	for i, variable := range envp {
		if variable == nil {
			break
		}
		if i == 0 {
			variable = first
		}
		// The byte before a variable is the NUL byte of the previous string, unless entry advanced the pointer.
		if previous := (*byte)(unsafe.Add(unsafe.Pointer(variable), -1)); *previous == 'G' && *variable == 'O' {
			variable = previous
		}
		all = append(all, unix.BytePtrToString(variable))
	}
	return all
}

// Exact reports whether everything reaches the next program unchanged: the entry point ran, and the Go runtime of this build
// handles no signal. It makes 64 system calls.
func Exact() bool {
	for signal := unix.Signal(1); signal <= signals; signal++ {
		if handler := replace(signal, nil)[0]; handler != sigDfl && handler != sigIgn {
			return false
		}
	}
	return envp != nil
}

// Ignore makes this process ignore signals until restore is called. A blocked signal that is pending is lost.
func Ignore(ignored ...unix.Signal) (restore func()) {
	var before [signals + 1]sigaction
	for _, signal := range ignored {
		before[signal] = replace(signal, &sigaction{sigIgn})
	}
	return func() {
		for _, signal := range ignored {
			replace(signal, &before[signal])
		}
	}
}

const (
	signals = 64 // _NSIG, include/uapi/asm-generic/signal.h; the same on every architecture of entry_linux_*.s

	sigDfl, sigIgn = 0, 1 // SIG_DFL and SIG_IGN, include/uapi/asm-generic/signal-defs.h
)

// sigaction has room for the kernel's struct sigaction: 32 bytes on 64-bit architectures, 20 on 32-bit ones. The first
// word is the handler on all of them.
type sigaction [8]uintptr

// replace returns the action of a signal. A non-nil action becomes the new one; only then the kernel refuses SIGKILL and SIGSTOP.
func replace(signal unix.Signal, action *sigaction) (before sigaction) {
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(action)), uintptr(unsafe.Pointer(&before)), signals/8, 0, 0)
	return before
}
