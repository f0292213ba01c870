package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deny installs a filter with which openat2(2) fails, and executes its arguments. It does not return.
func deny(name string) {
	errno := map[string]unix.Errno{"ENOSYS": unix.ENOSYS, "EPERM": unix.EPERM}[name]
	runtime.LockOSThread()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_OPENAT2},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if err == nil {
		err = unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
	}
	if _, tried := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH}); err == nil && !errors.Is(tried, errno) {
		err = errors.New("openat2 is not denied: " + name)
	}
	if err == nil {
		err = syscall.Exec(os.Args[1], os.Args[2:], environment)
	}
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(3)
}

// Kernels before 5.6 have no openat2(2), and seccomp profiles of that time refuse it.
func TestInstallWithoutOpenat2(t *testing.T) {
	for _, errno := range []string{"ENOSYS", "EPERM"} {
		for _, name := range []string{"install --root", "install"} {
			onGround(t, name, func(o *operation) {
				command := exec.Command("/proc/self/exe", append([]string{o.program.path}, o.program.argv...)...)
				command.Env = []string{denyVariable + "=" + errno}
				if o.program.chroot != "" {
					// Copy this test binary into the root. It needs no other file there.
					self, err := os.ReadFile("/proc/self/exe")
					err = errors.Join(err, os.WriteFile(filepath.Join(o.ground.root, "tmp/deny"), self, 0o755))
					if err != nil {
						t.Error(err)
						return
					}
					command.Path, command.Dir = "/tmp/deny", "/"
					command.SysProcAttr = &syscall.SysProcAttr{Chroot: o.program.chroot}
				}
				if out, err := command.CombinedOutput(); err != nil {
					t.Errorf("%s, %s: %v: %s", name, errno, err, out)
					return
				}
				now, err := o.ground.changes()
				delete(now, "tmp/deny")
				delete(now, "tmp")
				if differs := now.against(o.undisturbed); err != nil || differs != "" {
					t.Errorf("%s, %s: %s, %v", name, errno, differs, err)
				}
			})
		}
	}
}

// While the wrapper is installed, an attacker replaces directories of the root with symlinks that lead out of it.
// Whether the installation succeeds or fails, no file outside may change.
func TestInstallAgainstSwappedDirectories(t *testing.T) {
	p, dir := files(t), t.TempDir()
	root, err := unpack(dir, p)
	if err != nil {
		t.Fatal(err)
	}
	swapped := []string{"usr/sbin", "etc/alternatives", "var/lib/dpkg", "var/lib/dpkg/alternatives", "usr", "etc"}
	// The directory outside contains the same files as the root. So an install that follows such a symlink finds the
	// files that it searches for, and would change them.
	outside := filepath.Join(dir, "outside")
	for _, name := range []string{"etc/alternatives", "var/lib/dpkg/alternatives", "usr/sbin"} {
		copyTo(t, filepath.Join(root, name), filepath.Join(outside, filepath.Dir(name)))
	}
	state, err := os.ReadFile(filepath.Join(root, iptablesState))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range swapped {
		if err := os.Symlink(filepath.Join(outside, name), filepath.Join(root, name+".evil")); err != nil {
			t.Fatal(err)
		}
	}
	before := listing(t, outside)

	s := swapper{root: root, names: swapped}
	s.start()
	installs, done, why := 0, 0, map[string]int{}
	for start := time.Now(); time.Since(start) < 6*time.Second; installs++ {
		// The pause varies, so that some installs meet a replaced directory early, some late, and some not at all.
		s.pause.Store(int64(installs % 2 * (installs % 37) * 10))
		if _, err := execute(atRoot(p.wrapper, root)); err != nil {
			if strings.Contains(err.Error(), "goroutine") {
				t.Error(err)
			}
			why[err.Error()]++
			continue
		}
		done++
		s.stop()
		// Undo the installation, so that the next one has to change files.
		err := errors.Join(
			os.WriteFile(filepath.Join(root, iptablesState), state, 0o644),
			os.Remove(filepath.Join(root, "usr/sbin/iptables-wrapper")),
		)
		if err != nil {
			t.Errorf("done, and yet: %v", err)
		}
		s.start()
	}
	// Make sure that the attack works: a walk by plain paths must be led outside.
	led := false
	s.pause.Store(0)
	for start := time.Now(); !led && time.Since(start) < 10*time.Second; {
		_ = os.WriteFile(filepath.Join(root, "usr/sbin/led"), nil, 0o644)
		_, err := os.Lstat(filepath.Join(outside, "usr/sbin/led"))
		led = err == nil
	}
	s.stop()
	t.Logf("%d swaps; %d of %d installs were done, the others say %v", s.swaps, done, installs, why)
	if !led || done == 0 || done == installs {
		t.Errorf("led out by plain paths: %v; %d of %d installs were done", led, done, installs)
	}
	_ = os.Remove(filepath.Join(outside, "usr/sbin/led"))
	after := listing(t, outside)
	for name := range after {
		if after[name] != before[name] {
			t.Errorf("outside, %s is %s, was %q", name, after[name], before[name])
		}
	}
	if len(after) < len(before) {
		t.Errorf("outside, of %d names are left %d", len(before), len(after))
	}
}

// swapper exchanges each name with NAME.evil, and back.
type swapper struct {
	root    string
	names   []string
	pause   atomic.Int64 // between two exchanges, in microseconds
	stopped atomic.Bool
	running sync.WaitGroup
	swaps   int
}

func (s *swapper) start() {
	s.stopped.Store(false)
	s.running.Go(func() {
		for !s.stopped.Load() {
			for _, name := range s.names {
				for range 2 { // there and back
					path := filepath.Join(s.root, name)
					if unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, path+".evil", unix.RENAME_EXCHANGE) == nil {
						s.swaps++
					}
					if pause := s.pause.Load(); pause > 0 {
						time.Sleep(time.Duration(pause) * time.Microsecond)
					}
				}
			}
		}
	})
}

func (s *swapper) stop() {
	s.stopped.Store(true)
	s.running.Wait()
}

func copyTo(t *testing.T, from, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", from, dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
}

// listing describes all files below dir, without the modification times of directories.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			all[path], err = look(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
