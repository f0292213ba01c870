package installer

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// An install waits for calls that are pinning, and not for ever.
func TestWaitsForTheLock(t *testing.T) {
	c := layoutCases()[1]
	dir := c.before.build(t, programs(t))
	untouched := snapshot(t, dir)
	unlock, err := open(t, dir).Lock("/usr/sbin")
	if err != nil {
		t.Fatal(err)
	}
	_, err = install(t, dir)
	if err == nil || !strings.Contains(err.Error(), "another install is at work there: wait for it, then install again") {
		t.Errorf("error %v", err)
	}
	assertUnchanged(t, dir, untouched)
	time.AfterFunc(200*time.Millisecond, unlock)
	mustInstall(t, dir)
	assertTree(t, dir, c.installed, c.wrapper)
}

// Installs and first calls at once, on each kind of layout: every one succeeds, and nothing is left behind.
func TestInstallsAndPinsRace(t *testing.T) {
	real := programs(t)
	for _, c := range oneOfEach() {
		t.Run(c.name, func(t *testing.T) {
			dir := c.before.build(t, real)
			mustInstall(t, dir)
			errs := make(chan error, 64)
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					_, err := install(t, dir)
					errs <- err
				})
				all.Go(func() { errs <- pin(dir, "/"+c.wrapper, applet.All()[i%applet.Count]) })
			}
			all.Wait()
			close(errs)
			for err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			mustInstall(t, dir)
			assertTree(t, dir, c.installed, c.wrapper)
			for range 2 { // the second has nothing to do
				if err := pin(dir, "/"+c.wrapper, applet.IPTables); err != nil {
					t.Error(err)
				}
				assertTree(t, dir, c.pinned, c.wrapper)
			}
		})
	}
}

// oneOfEach is one case of each layout.
func oneOfEach() []layoutCase {
	var some []layoutCase
	for _, c := range layoutCases() {
		if !slices.ContainsFunc(some, func(known layoutCase) bool { return known.want == c.want }) {
			some = append(some, c)
		}
	}
	return some
}

func pin(dir, wrapper string, called applet.Applet) error {
	root, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	inst, err := xtables.Find(root, wrapper)
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	return links.Pin(root, wrapper, inst, mode.NFT, called)
}
