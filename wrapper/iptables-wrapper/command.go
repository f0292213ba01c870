package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// commandName is the one name that is the command line rather than an applet.
const commandName = xtables.Wrapper

const usage = `usage:
  iptables-wrapper install [--root DIR] [--nft-only] [--no-sanity-check] [--dry-run]
  iptables-wrapper detect [--output text|json] [--wait DURATION] [--check]
  iptables-wrapper version
  iptables-wrapper help

install  stand in for iptables and its sisters in this root file system, or in
         the unpacked one at DIR; running it again undoes a pinned decision;
         with --nft-only in an image without the legacy variant, which puts
         its rules into nft even where the host's own are in legacy
detect   say which mode a call would use here and why, and change nothing;
         with --wait (30s, 2m) until kubelet has made its chain, or fail;
         with --check exit with 3 if both modes are in use on this host

A call is told by the environment:
  IPTABLES_WRAPPER_MODE=nft|legacy  use this mode, ask nobody
  IPTABLES_WRAPPER_DEBUG=1          print the evidence and the decision

Exit status: 0 done; 1 failed; 2 used wrongly; 3 see --check. A call has that
of the iptables it runs.
`

// version is set by the linker: -X main.version=v1.2.3.
var version = "devel"

// gaps says what a build without the flags of make and Bazel does not do.
func gaps() string {
	if inherit.Exact() {
		return ""
	}
	return "built without the linker flags of make and Bazel: a signal that the caller ignores or blocks can end the wrapper\n"
}

// command is the command line, without its name. It returns the exit status.
func command(args []string) int {
	if len(args) == 0 {
		complain("no command; see " + commandName + " help")
		return exitUsage
	}
	for _, arg := range args {
		switch arg {
		case "--help", "-h":
			args = []string{"help"}
		case "--version":
			args = []string{"version"}
		}
	}
	var err error
	switch args[0] {
	case "install":
		err = install(args[1:])
	case "detect":
		err = detectMode(args[1:])
	case "version":
		err = print(args[1:], commandName+" "+version+"\n"+gaps())
	case "help":
		err = print(args[1:], usage)
	default:
		err = usageError("unknown command \"" + args[0] + "\"")
	}
	var wrong usageError
	switch {
	case err == nil:
		return 0
	case err == errConflict:
		return exitConflict // the report has said it
	case errors.As(err, &wrong):
		complain(err.Error() + "; see " + commandName + " help")
		return exitUsage
	}
	complain(err.Error())
	return exitFailed
}

// usageError is an error of who called, not of what was called.
type usageError string

func (e usageError) Error() string { return string(e) }

// print prints one text, for a command that takes no arguments.
func print(args []string, text string) error {
	if len(args) > 0 {
		return usageError("unexpected argument \"" + args[0] + "\"")
	}
	_, err := stdout.Write([]byte(text))
	return err
}

// parse takes args apart: options with a value, written "--name value" or "--name=value", and flags without. It does what
// package flag would do for these few, without the 250 kB of reflection.
func parse(args []string, options map[string]*string, flags map[string]*bool) error {
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		option, flag := options[name], flags[name]
		switch {
		case option == nil && flag == nil:
			return errors.New("unexpected argument \"" + name + "\"")
		case flag != nil && hasValue:
			return errors.New(name + " takes no value")
		case flag != nil:
			*flag = true
			continue
		case !hasValue && len(args) == 0:
			return errors.New(name + " needs a value")
		case !hasValue:
			value, args = args[0], args[1:]
		}
		*option = value
	}
	return nil
}

// terminal reports whether s is one, and may be written to in colour (https://no-color.org).
func (s stream) terminal() bool {
	_, err := unix.IoctlGetTermios(int(s), unix.TCGETS)
	return err == nil && variable(inherit.Environ(), "NO_COLOR") == ""
}
