// Command iptables-wrapper replaces the six iptables commands in a container image. Called by one of their names, it detects the
// host's iptables mode, repoints the symlinks to the binaries of that mode, and executes the matching binary. Called by its own
// name, it installs itself and reports its decision.
package main

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
)

// Exit statuses. A call that succeeds has the status of the binary that it executes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitProblem = 3 // detect --check only
)

// init runs the program, because execve(2) must be called on the thread that our caller started: threads that the Go runtime
// creates lack what prctl(2) and others gave that thread, such as the parent-death signal. Until all init functions have returned,
// the runtime keeps the main goroutine on that thread. runtime.LockOSThread would do the same, but creates a thread.
func init() { start() }

// start is another function in tests.
var start = run

func main() {}

// run executes an applet or a command of the command line.
func run() {
	argv, name := inherit.Arguments(), ""
	if len(argv) > 0 {
		_, name = path.Split(argv[0]) // as the multi-call binaries do, so "sbin/" contains no name
	}
	var err error
	help := ""
	switch a, ok := applet.Parse(name); {
	case ok:
		err = call(a, argv)
	case name == commandName:
		err, help = command(argv[1:]), "; see "+commandName+" help"
	default:
		// A symlink with an unknown name must neither act as the command line nor execute another binary.
		err = usageError("called as \"" + name + "\", which is not the name of an iptables command: rename it iptables-wrapper")
	}
	switch _, usage := err.(usageError); {
	case err == nil:
		unix.Exit(0)
	case err == errProblem: // the report contains the problem
		unix.Exit(exitProblem)
	case usage:
		complain(err.Error() + help)
		unix.Exit(exitUsage)
	}
	complain(err.Error())
	unix.Exit(exitFailed)
}

// usageError is a mistake in the command line or in the environment.
type usageError string

func (e usageError) Error() string { return string(e) }

// write writes the whole text to a standard stream. Package os would add 150 kB, and when it starts, it inspects all three streams
// and its own path.
func write(fd int, text string) error {
	for text != "" {
		n, err := unix.Write(fd, []byte(text))
		if err != nil && err != unix.EINTR {
			return err
		}
		text = text[max(n, 0):]
	}
	return nil
}

// complain prints the one line that says why the program fails.
func complain(why string) {
	_ = write(unix.Stderr, commandName+": "+printable(why)+"\n")
}

// failure returns an error with this text.
func failure(text ...string) error { return errors.New(strings.Join(text, "")) }

// printable returns s as one line, with a question mark for each control character. Messages quote the environment, arguments and
// files, and control characters would control the user's terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
