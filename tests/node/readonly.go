package node

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// ReadOnly makes the container's root file system read-only, but for /run, where iptables-legacy has its lock.
func (n *Node) ReadOnly() error {
	if err := unix.Mount("", n.root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("remount read-only: %w", err)
	}
	return nil
}
