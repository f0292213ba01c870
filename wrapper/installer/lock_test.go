package installer

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// An install waits for calls that are pinning, but only for a limited time.
func TestWaitsForTheLock(t *testing.T) {
	c := roots.Find("Alpine 3.22")
	dir := c.Before.Build(t, roots.Programs(t))
	unlock, err := open(t, dir).Lock("/usr/sbin")
	if err != nil {
		t.Fatal(err)
	}
	untouched := snapshot(t, dir)
	_, err = install(t, dir)
	if err == nil || !strings.Contains(err.Error(), "another install is running in /usr/sbin: wait for it, then install again") {
		t.Errorf("error %v", err)
	}
	assertUnchanged(t, dir, untouched)
	time.AfterFunc(200*time.Millisecond, func() { _ = unlock() })
	mustInstall(t, dir)
	roots.Assert(t, dir, c.Installed)
}

// Installs and first calls run at once, on each kind of layout. All succeed, and no temporary file remains.
func TestInstallsAndPinsRace(t *testing.T) {
	programs := roots.Programs(t)
	for _, c := range oneOfEach() {
		t.Run(c.Name, func(t *testing.T) {
			dir := c.Before.Build(t, programs)
			mustInstall(t, dir)
			errs := make(chan error, 64)
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					_, err := install(t, dir)
					errs <- err
				})
				all.Go(func() { errs <- pin(dir, c.Wrapper, applet.All()[i%applet.Count]) })
			}
			all.Wait()
			close(errs)
			for err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			mustInstall(t, dir)
			roots.Assert(t, dir, c.Installed)
			for range 2 { // the second one changes nothing
				if err := pin(dir, c.Wrapper, applet.IPTables); err != nil {
					t.Error(err)
				}
				roots.Assert(t, dir, c.Pinned[mode.NFT])
			}
		})
	}
}

// oneOfEach returns one root of each layout.
func oneOfEach() []roots.Layout {
	var some []roots.Layout
	for _, c := range roots.Layouts() {
		if !slices.ContainsFunc(some, func(known roots.Layout) bool { return known.Owner == c.Owner }) {
			some = append(some, c)
		}
	}
	return some
}
