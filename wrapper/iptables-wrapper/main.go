// Command iptables-wrapper replaces the six iptables commands in a container image. Called by one of their names, it
// detects the host's iptables mode, repoints the symlinks to the binaries of that mode, and executes the right one. Called
// by its own name, it installs itself and explains its decision.
package main

import (
	"errors"
	"path"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
)

// Exit statuses. A call that works has that of the binary it becomes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitProblem = 3 // detect --check only
)

// The main goroutine starts on the thread that our caller started and must call execve(2) there: threads that the Go
// runtime creates later lack what prctl(2) and others gave that thread, such as the parent-death signal.
func init() { runtime.LockOSThread() }

func main() {
	argv, name := inherit.Arguments(), ""
	if len(argv) > 0 {
		_, name = path.Split(argv[0]) // as the multi-call binaries look at it, so "sbin/" has none
	}
	if a, ok := applet.Parse(name); ok {
		exit(call(a, argv, inherit.Environ()), "")
	}
	if name == commandName {
		exit(command(argv[1:]), "; see "+commandName+" help")
	}
	// Not the command line: a link with an unknown name must not behave like it, nor be run as something else.
	exit(usageError("called as \""+name+"\", which is not the name of an iptables command: rename it iptables-wrapper"), "")
}

// usageError is a mistake in the command line or in the environment.
type usageError string

func (e usageError) Error() string { return string(e) }

// exit ends the process, and prints the error if there is one. A usage error is followed by help.
func exit(err error, help string) {
	status := exitFailed
	if usage, wrong := err.(usageError); wrong {
		status, err = exitUsage, usage+usageError(help)
	}
	switch err {
	case nil:
		unix.Exit(0)
	case errProblem:
		unix.Exit(exitProblem) // the report names it
	}
	complain(err.Error())
	unix.Exit(status)
}

// stream is a standard stream. Package os would do, but it starts with a look at all three, at its own path and at more,
// and it takes 150 kB.
type stream int

const (
	stdout stream = 1
	stderr stream = 2
)

// Write is io.Writer's.
func (s stream) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		n, err := unix.Write(int(s), b[written:])
		if err != nil && err != unix.EINTR {
			return written, err
		}
		written += max(n, 0)
	}
	return written, nil
}

// complain prints the one line that says why nothing more happens. It is not called on a call that works.
func complain(why string) {
	stderr.Write([]byte(commandName + ": " + printable(why) + "\n"))
}

// failure returns an error with this text. It is not inlined: errors.New and + take several times as much code at each place.
//
//go:noinline
func failure(text ...string) error { return errors.New(strings.Join(text, "")) }

// printable returns s as one line without control characters: messages quote the environment, arguments and files, and a
// terminal obeys what it is sent.
func printable(s string) string {
	var b []byte
	for _, r := range s {
		if strconv.IsPrint(r) {
			b = utf8.AppendRune(b, r)
		} else {
			quoted := strconv.AppendQuoteRune(nil, r)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
	}
	return string(b)
}
