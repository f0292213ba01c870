package rootfs

import (
	"errors"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Two processes never have the lock at once, and a process that ends releases it.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	var mutex sync.Mutex
	holders, had := 0, 0
	for range 64 {
		all.Go(func() {
			root, err := Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer root.Close()
			unlock, err := root.Lock("/")
			if errors.Is(err, unix.EWOULDBLOCK) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			mutex.Lock()
			holders++
			had++
			if holders != 1 {
				t.Errorf("%d have the lock", holders)
			}
			mutex.Unlock()
			if err := root.replace(Change{Path: "/iptables", Target: "multi"}); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			holders--
			mutex.Unlock()
			if err := unlock(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if had == 0 {
		t.Error("no process had the lock")
	}
	assertNames(t, dir, "iptables")
}
