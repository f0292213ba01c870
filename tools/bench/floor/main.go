// Command floor is the least that a static Go program adds to a call of iptables: it becomes the program that FLOOR names,
// as the wrapper becomes iptables, and does nothing else. It does without package os, as the wrapper does.
package main

import "golang.org/x/sys/unix"

func main() {
	path, _ := unix.Getenv("FLOOR")
	_ = unix.Exec(path, []string{"iptables", "-V"}, unix.Environ())
	unix.Exit(127)
}
