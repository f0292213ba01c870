package links

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

func TestPinRaces(t *testing.T) {
	for name, files := range map[string]roots.Tree{"plain": plain("iptables-wrapper"), "debian": debian()} {
		t.Run(name, func(t *testing.T) {
			dir := files.Build(t, programs)
			var all sync.WaitGroup
			for range 256 {
				all.Go(func() {
					root, inst := openFor(dir)
					defer root.Close()
					// ESTALE: another process replaced a state file while this one opened it. Its next call would pin.
					if err := Pin(inst, mode.Legacy, applet.IPTables); err != nil && !errors.Is(err, unix.ESTALE) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			assertNothingLeft(t, dir)
			assertRuns(t, dir, "xtables-legacy-multi")
		})
	}
}

// assertRuns starts every applet name inside the tree and checks which binary ran.
func assertRuns(t *testing.T, dir string, want ...string) {
	t.Helper()
	root, _ := openFor(dir)
	defer root.Close()
	for _, a := range applet.All() {
		end, err := root.Resolve("/usr/sbin/" + a.String())
		if err != nil {
			t.Error(err)
			continue
		}
		run := exec.Command(filepath.Join(dir, end))
		// Under -race every exit waits a second for reports of other threads. This program has no other threads.
		run.Env = append(os.Environ(), "LINKS_TEST_AS=program", "GORACE=atexit_sleep_ms=0")
		out, err := run.Output()
		name := filepath.Base(end)
		ok := false
		for _, w := range want {
			ok = ok || w == name
		}
		if err != nil || !ok || len(out) == 0 {
			t.Errorf("%s leads to %s, which says %q, %v; want one of %q", a, end, out, err, want)
		}
	}
}

// Processes that pin are killed at random times while a watcher checks that every name leads to a binary. Afterwards, a pin
// that is not killed removes all files that the killed ones left.
func TestPinKilledAnywhere(t *testing.T) {
	dir := debian().Build(t, programs)
	root, inst := openFor(dir)
	defer root.Close()
	ctx, stop := context.WithCancel(t.Context())
	var watcher sync.WaitGroup
	watched := 0
	watcher.Go(func() {
		for ctx.Err() == nil {
			for _, a := range applet.All() {
				info, err := root.Stat("/usr/sbin/" + a.String())
				if err != nil || !info.IsRegular() || info.Perm()&0o111 == 0 {
					t.Errorf("%s leads to no program: %+v, %v", a, info, err)
					return
				}
			}
			watched++
		}
	})
	program, _ := os.Executable()
	for i := range 40 {
		reset(t, dir)
		pinner := exec.Command(program)
		pinner.Env = append(os.Environ(), "LINKS_TEST_AS=pinner", "LINKS_TEST_ROOT="+dir)
		if err := pinner.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 500 * time.Microsecond)
		_ = pinner.Process.Kill()
		_ = pinner.Wait()
		assertRuns(t, dir, "iptables-wrapper", "xtables-nft-multi")
	}
	stop()
	watcher.Wait()
	if watched == 0 {
		t.Error("the watcher never looked")
	}
	if err := Pin(inst, mode.NFT, applet.IPTables); err != nil {
		t.Fatal(err)
	}
	assertRuns(t, dir, "xtables-nft-multi")
	assertNothingLeft(t, dir)
}

// Measures the pin of a first call, and the check in every later call that has nothing to pin.
func BenchmarkPin(b *testing.B) {
	dir := debian().Build(b, programs)
	root, inst := openFor(dir)
	defer root.Close()
	for b.Loop() {
		if err := Pin(inst, mode.NFT, applet.IPTables); err != nil {
			b.Fatal(err)
		}
	}
}
