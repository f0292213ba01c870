// Command floor takes the minimum time that a static Go program adds to a call of iptables. It only executes the
// program that FLOOR names, in the same way as the wrapper executes iptables. Like the wrapper, it does not import
// package os.
package main

import "golang.org/x/sys/unix"

func main() {
	path, _ := unix.Getenv("FLOOR")
	_ = unix.Exec(path, []string{"iptables", "-V"}, unix.Environ())
	unix.Exit(127)
}
