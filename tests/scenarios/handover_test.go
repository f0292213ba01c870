package scenarios

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFirstRestore makes iptables-restore with 50,000 rules the first call.
func TestFirstRestore(t *testing.T) {
	const n = 50_000
	for _, mode := range []string{"nft", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			h := newHost(t)
			h.restore("iptables-"+mode, rules("mangle", hint, 0)...)
			text := strings.Join(rules("filter", "A", n), "\n") + "\n"
			h.must(call{argv: []string{"/usr/sbin/iptables-restore", "--noflush"}, stdin: strings.NewReader(text)})
			if got := strings.Count(h.run("/usr/sbin/iptables-"+mode+"-save", "-t", "filter"), "\n-A A "); got != n {
				t.Errorf("%d rules were restored, want %d", got, n)
			}
		})
	}
}

// TestSameAsDirect compares calls through the wrapper, each of them a first call, with calls of the binary.
func TestSameAsDirect(t *testing.T) {
	h := newHost(t)
	for _, mode := range []string{"nft", "legacy"} {
		for _, argv := range [][]string{
			{"/usr/sbin/iptables", "-V"},
			{"iptables", "-V"},
			{"./odd/../path/iptables-save", "-V"},
			{"/usr/sbin/iptables", "-S", "NOPE"},
			{"/usr/sbin/ip6tables", "-S"},
			{"/usr/sbin/iptables", "-A", "INPUT", "-j", "NOPE"},
			{"/usr/sbin/iptables", "-t", "bogus", "-S"},
			{"/usr/sbin/iptables", "--no-such-option", "", "two words", "\x80"},
			{"/usr/sbin/iptables-save", "-t", "bogus"},
			{"/usr/sbin/ip6tables-restore", "/no/such/file"},
		} {
			applet := filepath.Base(argv[0])
			env := []string{"IPTABLES_WRAPPER_MODE=" + mode}
			got := h.do(call{path: "/usr/sbin/" + applet, argv: argv, env: env})
			want := h.do(call{path: "/usr/sbin/xtables-" + mode + "-multi", argv: argv, env: env})
			if got != want {
				t.Errorf("%s %q: got %+v, want %+v", mode, argv, got, want)
			}
		}
	}
}

// TestProcess starts iptables-restore on an empty pipe, and inspects the waiting process.
func TestProcess(t *testing.T) {
	h := newHost(t)
	ignored := []os.Signal{syscall.SIGPIPE, syscall.SIGTERM, syscall.SIGUSR1}
	signal.Ignore(ignored...)
	t.Cleanup(func() {
		// signal.Reset would set the signal to ignored, even if it was not ignored from the start. Notify does not.
		c := make(chan os.Signal, 1)
		signal.Notify(c, ignored...)
		signal.Stop(c)
	})
	umask := unix.Umask(0o027)
	t.Cleanup(func() { unix.Umask(umask) })
	extra, err := os.Open(h.root + "/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { extra.Close() })

	for _, mode := range []string{"nft", "legacy"} {
		{ // not t.Run: its goroutine would have another thread's namespaces, umask and root
			argv := []string{"./iptables-restore", "--noflush", "--wait", "7"}
			env := []string{"B=1", "A=2", "", "A=3", "no equals sign", "IPTABLES_WRAPPER_MODE=" + mode, "=", "A=\xff"}
			binary := "/usr/sbin/xtables-" + mode + "-multi"
			want := h.describe(binary, binary, argv, env, extra)
			got := h.describe("/usr/sbin/iptables-restore", binary, argv, env, extra)
			if got != want {
				t.Errorf("through the wrapper:\n%s\ndirectly:\n%s", got, want)
			}
			for _, line := range []string{"A=3\x00no equals sign\x00", "Umask:\t0027", "fd 5: " + h.root + "/etc/passwd"} {
				if !strings.Contains(want, line) {
					t.Errorf("the arrangement to compare lacks %q:\n%s", line, want)
				}
			}
		}
	}
}

// describe starts path, waits until the process executes binary and reads its standard input, returns what the process
// inherited, and kills it.
func (h *host) describe(path, binary string, argv, env []string, extra *os.File) string {
	h.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	defer null.Close()
	// os/exec would change the environment.
	p, err := os.StartProcess(path, argv, &os.ProcAttr{
		Dir: "/usr", Env: env, Sys: &h.attr, Files: []*os.File{r, null, null, nil, nil, extra},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	defer p.Wait()
	defer p.Kill()
	proc := fmt.Sprintf("/proc/%d/", p.Pid)
	reading := fmt.Sprintf("%d 0x0 ", unix.SYS_READ) // proc(5): the system call it waits in, and its first argument
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		exe, _ := os.Readlink(proc + "exe")
		if where, err := os.ReadFile(proc + "syscall"); err != nil {
			h.t.Fatal(err)
		} else if exe == h.root+binary && strings.HasPrefix(string(where), reading) {
			break
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("process %d of %s never became %s", p.Pid, path, binary)
		}
	}
	var b strings.Builder
	for _, name := range []string{"cmdline", "environ", "limits"} {
		text, err := os.ReadFile(proc + name)
		if err != nil {
			h.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %s\n", name, text)
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		h.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if key, _, _ := strings.Cut(line, ":"); strings.Contains(" Umask SigBlk SigIgn SigCgt Uid Gid Groups CapEff ", " "+key+" ") {
			b.WriteString(line)
		}
	}
	for fd := range 8 {
		if target, err := os.Readlink(fmt.Sprintf("%sfd/%d", proc, fd)); err == nil && fd != 0 { // each has its own pipe
			target, _, _ = strings.Cut(target, "[") // and its own socket:[inode]
			fmt.Fprintf(&b, "fd %d: %s\n", fd, target)
		}
	}
	cwd, err := os.Readlink(proc + "cwd")
	if err != nil {
		h.t.Fatal(err)
	}
	fmt.Fprintf(&b, "cwd: %s\n", cwd)
	return b.String()
}

// TestDeathBySignal kills the process after the wrapper has executed the binary.
func TestDeathBySignal(t *testing.T) {
	h := newHost(t)
	cmd := h.command(call{argv: []string{"/usr/sbin/iptables-restore"}})
	w, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exe := fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid)
	for {
		target, err := os.Readlink(exe)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(target, "xtables-nft-multi") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("wait status %#x, want death by SIGTERM", status)
	}
}

// TestNames calls the wrapper by names that are not an applet's.
func TestNames(t *testing.T) {
	h := newHost(t)
	for _, name := range []string{"iptabels", "iptables-nft", "", "xtables-nft-multi"} {
		r := h.do(call{path: "/usr/sbin/iptables-wrapper", argv: []string{name, "-V"}})
		h.expectRefusal(r, 2, "iptables-wrapper: called as \""+name+"\", which is not the name of an iptables command: rename it iptables-wrapper\n")
	}
	r := h.do(call{argv: []string{"/usr/sbin/iptables-wrapper"}})
	h.expectRefusal(r, 2, "iptables-wrapper: no command; see iptables-wrapper help\n")
}
