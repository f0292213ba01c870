package probe

import (
	"errors"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// refuseSockets makes socket(2) fail on the calling thread, as a seccomp profile does. The thread must end afterwards.
func refuseSockets(errno unix.Errno) error {
	call := uint32(unix.SYS_SOCKET)
	if runtime.GOARCH == "386" {
		call = 102 // socketcall(2)
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// Only EPROTONOSUPPORT proves that the kernel has no nfnetlink. With the other errors a container engine refuses the socket.
func TestSocketRefused(t *testing.T) {
	for errno, want := range map[unix.Errno]mode.Outcome{
		unix.EPROTONOSUPPORT: mode.Absent, unix.EAFNOSUPPORT: mode.Unknown, unix.EPERM: mode.Unknown, unix.EACCES: mode.Unknown,
	} {
		s := nft{Backend: new(mode.Backend), fd: -1}
		failed := make(chan error)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			err := refuseSockets(errno)
			s.hints(true)
			failed <- err
		}()
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
		if s.Answers != want || s.Hints.Kubelet() != want || !errors.Is(s.Err, errno) || s.fd >= 0 {
			t.Errorf("%v: nf_tables is %v, the kubelet chain %v, %v", errno, s.Answers, s.Hints.Kubelet(), s.Err)
		}
	}
}
