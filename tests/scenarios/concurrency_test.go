package scenarios

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inThread calls f in another thread in the same namespaces.
func (h *host) inThread(f func() error) <-chan error {
	h.t.Helper()
	var namespaces [2]*os.File
	for i, name := range []string{"net", "mnt"} {
		ns, err := os.Open("/proc/thread-self/ns/" + name)
		if err != nil {
			h.t.Fatal(err)
		}
		namespaces[i] = ns
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked, so that the thread is not reused
		err := unix.Unshare(unix.CLONE_FS)
		for i, flag := range []int{unix.CLONE_NEWNET, unix.CLONE_NEWNS} {
			if err == nil {
				err = unix.Setns(int(namespaces[i].Fd()), flag)
			}
			namespaces[i].Close()
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return done
}

// TestConcurrentFirstCalls makes 256 first calls at the same time, while calls repoint the symlinks.
func TestConcurrentFirstCalls(t *testing.T) {
	const threads, calls = 16, 16
	h := newHost(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	var ready sync.WaitGroup
	ready.Add(threads)
	var results []<-chan error
	for range threads {
		results = append(results, h.inThread(func() error {
			ready.Done()
			ready.Wait()
			return h.callAtOnce(calls)
		}))
	}
	for _, result := range results {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
	for _, applet := range applets() {
		if !h.pinned(applet) || h.version(applet) != "legacy" {
			t.Errorf("%s is not pinned to legacy", applet)
		}
	}
}

// callAtOnce starts n calls, and then waits for all of them.
func (h *host) callAtOnce(n int) error {
	wait := make([]func() error, n)
	for i := range wait {
		applet := applets()[i%len(applets())]
		cmd := h.command(call{argv: []string{"/usr/sbin/" + applet, "-V"}})
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			return err
		}
		wait[i] = func() error {
			if err := cmd.Wait(); err != nil || !strings.HasSuffix(out.String(), "(legacy)\n") || strings.Count(out.String(), "\n") != 1 {
				return fmt.Errorf("%s: %v, %q", applet, err, out.String())
			}
			return nil
		}
	}
	var failed error
	for _, w := range wait {
		if err := w(); err != nil {
			failed = err
		}
	}
	return failed
}

// TestKilled kills first calls at random instants. Every applet must work afterwards.
func TestKilled(t *testing.T) {
	h := newHost(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	killed := 0
	for range 40 {
		h.install()
		cmd := h.command(call{argv: []string{"/usr/sbin/iptables", "-V"}})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(4 * time.Millisecond))
		cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
		for _, applet := range applets() {
			if got := h.version(applet); got != "legacy" {
				t.Fatalf("%s: got %s, want legacy", applet, got)
			}
		}
	}
	if killed == 0 {
		t.Error("every call was done before it was killed")
	}
}
