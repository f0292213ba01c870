// Handover executes the program that its arguments name, as the wrapper executes a mode's binary.
package main

import (
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
)

func init() { runtime.LockOSThread() }

func main() {
	argv := inherit.Arguments()[1:]
	if !inherit.Exact() {
		println("not exact")
	}
	println(unix.Exec(argv[0], argv, inherit.Environ()).Error())
	unix.Exit(127)
}
