// Handover restores what it inherited and becomes the program its arguments name.
package main

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
)

func main() {
	runtime.LockOSThread()
	inherit.Restore()
	err := unix.Exec(os.Args[1], os.Args[1:], os.Environ())
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(127)
}
