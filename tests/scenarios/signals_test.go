package scenarios

import (
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestSignals sends one signal to each of 400 calls, within 1.5 ms after execve(2): while the Go runtime starts, during
// the probe, and while the binary runs. The caller ignores or blocks the signal, so it must not end any call.
func TestSignals(t *testing.T) {
	const calls, window = 400, 1500 * time.Microsecond
	h := newHost(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	// dead returns how many calls the signal ended.
	dead := func(sig syscall.Signal) (n int) {
		for range calls {
			p, err := os.StartProcess("/usr/sbin/iptables", []string{"iptables", "-V"},
				&os.ProcAttr{Dir: "/", Env: []string{"PATH=/usr/sbin"}, Sys: &h.attr, Files: []*os.File{null, null, null}})
			if err != nil {
				t.Fatal(err)
			}
			for start, wait := time.Now(), rand.N(window); time.Since(start) < wait; {
			}
			if err := p.Signal(sig); err != nil {
				t.Fatal(err)
			}
			state, err := p.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if !state.Success() {
				n++
			}
		}
		return n
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		var set, before unix.Sigset_t
		set.Val[0] = 1 << (sig - 1)
		if err := unix.PthreadSigmask(unix.SIG_BLOCK, &set, &before); err != nil {
			t.Fatal(err)
		}
		if n := dead(sig); n > 0 {
			t.Errorf("%v blocked: %d of %d calls ended", sig, n, calls)
		}
		if err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err != nil {
			t.Fatal(err)
		}

		ignored := make(chan os.Signal, 1)
		signal.Ignore(sig)
		if n := dead(sig); n > 0 {
			t.Errorf("%v ignored: %d of %d calls ended", sig, n, calls)
		}
		signal.Notify(ignored, sig) // signal.Reset would leave the signal ignored
		signal.Stop(ignored)
	}
}

// TestPendingSignals calls iptables-restore while blocked signals are pending, and checks that they are pending in the
// binary.
func TestPendingSignals(t *testing.T) {
	h := newHost(t)
	const script = `for s in TERM INT HUP QUIT PROF CHLD URG SEGV RTMIN; do kill -$s $$; done
exec "$@" </run/fifo`
	if err := unix.Mkfifo(h.root+"/run/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	pending := func(path string) string {
		cmd := h.command(call{argv: []string{"/usr/bin/env", "--block-signal", "/bin/sh", "-c", script, "sh", path}})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			cmd.Process.Kill()
			cmd.Wait()
		}()
		writer, err := os.OpenFile(h.root+"/run/fifo", os.O_WRONLY, 0) // waits until the shell opens it
		if err != nil {
			t.Fatal(err)
		}
		defer writer.Close()
		return waitFor(t, cmd.Process.Pid, h.root+"/usr/sbin/xtables-nft-multi", "SigPnd", "ShdPnd", "SigBlk")
	}
	want, got := pending("/usr/sbin/iptables-nft-restore"), pending("/usr/sbin/iptables-restore")
	if want != got || !strings.Contains(want, "ShdPnd:\t00000002") {
		t.Errorf("directly:\n%s\nthrough the wrapper:\n%s", want, got)
	}
}

// waitFor waits until a process executes a binary, and returns fields of its status.
func waitFor(t *testing.T, pid int, binary string, fields ...string) string {
	t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if exe, _ := os.Readlink(filepath.Join(dir, "exe")); exe != binary {
			continue
		}
		status, err := os.ReadFile(filepath.Join(dir, "status"))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for line := range strings.Lines(string(status)) {
			for _, field := range fields {
				if strings.HasPrefix(line, field+":") {
					b.WriteString(line)
				}
			}
		}
		return b.String()
	}
	t.Fatalf("process %d never executed %s", pid, binary)
	return ""
}

// TestVariablesOfGo sets environment variables of the Go runtime, which the wrapper must ignore.
func TestVariablesOfGo(t *testing.T) {
	h := newHost(t)
	env := []string{"GOMEMLIMIT=1Gi", "GOGC=off", "GODEBUG=inittrace=1,asyncpreemptoff=0", "GOTRACEBACK=crash", "GOMAXPROCS=no"}
	got, want := h.do(call{argv: []string{"/usr/sbin/iptables", "-V"}, env: env}), h.do(call{argv: []string{"/usr/sbin/iptables-nft", "-V"}})
	if got != want || want.status != 0 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestClosedDescriptors calls iptables with standard descriptors closed, in a root without /dev/null.
func TestClosedDescriptors(t *testing.T) {
	h := newHost(t)
	if _, err := os.Lstat(h.root + "/dev/null"); err == nil {
		t.Fatal("the root has a /dev/null")
	}
	h.restore("iptables-nft", rules("mangle", hint, 0)...)
	for _, closed := range []string{"<&-", ">&-", "2>&-", "<&- >&- 2>&-"} {
		h.install()
		for range 2 { // a call that pins, and one through the pinned symlink
			h.run("/bin/sh", "-c", "exec /usr/sbin/iptables -N "+"A"+strconv.Itoa(len(closed))+" "+closed+" || exit 1")
			h.run("/usr/sbin/iptables-nft", "-X", "A"+strconv.Itoa(len(closed)))
		}
		if !h.pinned("iptables") {
			t.Errorf("%s: not pinned", closed)
		}
	}
}

// TestFileSizeLimit sets a limit on file sizes that allows no writes. The call must work without a pin.
func TestFileSizeLimit(t *testing.T) {
	h := newHost(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	out := h.run("/bin/sh", "-c", "ulimit -f 0; exec /usr/sbin/iptables -V")
	if !strings.Contains(out, "(legacy)") || h.pinned("iptables") {
		t.Errorf("said %q, pinned is %v", out, h.pinned("iptables"))
	}
}

// TestCopies puts copies of the wrapper in place of both modes' binaries. A call must end with an error, and not
// execute itself repeatedly.
func TestCopies(t *testing.T) {
	h := newHost(t)
	program, err := os.ReadFile(h.root + "/usr/sbin/iptables-wrapper")
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"nft", "legacy"} {
		for _, name := range []string{"xtables-" + mode + "-multi", "iptables-" + mode} {
			if err := os.Remove(h.root + "/usr/sbin/" + name); err != nil {
				t.Fatal(err)
			}
			if name == "iptables-"+mode {
				if err := os.WriteFile(h.root+"/usr/sbin/"+name, program, 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	r := h.do(call{argv: []string{"/usr/sbin/iptables", "-V"}})
	h.expectRefusal(r, 1, "iptables-wrapper: /usr/sbin/iptables-nft: is a copy of iptables-wrapper, not an iptables binary: reinstall iptables\n")
}
