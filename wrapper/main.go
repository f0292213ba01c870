// Command iptables-wrapper stands in for iptables and its five sisters in a container image. Called by one of those
// names it finds out which iptables mode the host uses, repoints the links to that mode's binaries, and becomes the
// right one. Called by its own name it installs itself and explains its decision.
package main

import (
	"os"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// Exit statuses. A call that works has that of the binary it becomes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	name := ""
	if len(os.Args) > 0 {
		name = applet.Base(os.Args[0])
	}
	if a, ok := applet.Parse(name); ok {
		os.Exit(call(a, os.Args, environ()))
	}
	if name == commandName {
		os.Exit(command(os.Args[1:]))
	}
	// Not the command line: a link with an unknown name must not behave like it, nor be run as something else.
	complain("called as \"" + name + "\", which is not the name of an iptables command")
	os.Exit(exitUsage)
}

// complain prints the one line that says why nothing more happens. It is not called on a call that works.
func complain(why string) {
	os.Stderr.WriteString(commandName + ": " + why + "\n")
}
