package main

import (
	"errors"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// commandName is the one name that is the command line rather than an applet.
const commandName = "iptables-wrapper"

const usage = `usage:
  iptables-wrapper install [--root DIR] [--no-sanity-check] [--dry-run]
  iptables-wrapper detect [--output text|json] [--wait DURATION]
  iptables-wrapper version
  iptables-wrapper help

install  stand in for iptables and its sisters in this root file system, or in
         the unpacked one at DIR; running it again undoes a pinned decision
detect   say which mode a call would use here and why, and change nothing;
         with --wait (30s, 2m) poll until there is something to go by

A call is told by the environment:
  IPTABLES_WRAPPER_MODE=nft|legacy  use this mode, ask nobody
  IPTABLES_WRAPPER_DEBUG=1          print the evidence and the decision

Exit status: 0 done; 1 failed; 2 used wrongly. A call has that of the iptables
it runs.
`

// version is set by the linker: -X main.version=v1.2.3.
var version = "devel"

// command is the command line, without its name. It returns the exit status.
func command(args []string) int {
	if len(args) == 0 {
		complain("no command; see " + commandName + " help")
		return exitUsage
	}
	var err error
	switch args[0] {
	case "install":
		err = install(args[1:])
	case "detect":
		err = detect(args[1:])
	case "version":
		err = print(args[1:], commandName+" "+version+"\n")
	case "help", "--help", "-h":
		err = print(args[1:], usage)
	default:
		err = usageError("unknown command \"" + args[0] + "\"")
	}
	var wrong usageError
	switch {
	case err == nil:
		return 0
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

// pollInterval is how often detect --wait looks again.
const pollInterval = 250 * time.Millisecond

func detect(args []string) error {
	output, limit := "text", "0s"
	if err := parse(args, option{name: "--output", value: &output}, option{name: "--wait", value: &limit}); err != nil {
		return usageError("detect: " + err.Error())
	}
	if output != "text" && output != "json" {
		return usageError("detect: --output " + output + ": not text or json")
	}
	wait, err := time.ParseDuration(limit)
	if err != nil || wait < 0 {
		return usageError("detect: --wait " + limit + ": not a duration such as 30s or 2m")
	}
	opts, err := parseOptions(environ())
	if err != nil {
		return usageError(err.Error())
	}
	inst, err := xtables.Find(rootfs.Host(), selfPath())
	if err != nil && !errors.Is(err, xtables.ErrNone) { // without iptables the evidence alone decides
		return err
	}
	in := inputs(opts, inst)
	deadline := time.Now().Add(wait)
	var d mode.Decision
	for {
		in.Evidence = probe.All()
		d = mode.Decide(&in)
		if grounded(d) || !time.Now().Before(deadline) {
			break
		}
		time.Sleep(min(pollInterval, time.Until(deadline)))
	}
	report := text(&in, d)
	if output == "json" {
		report = json(&in, d)
	}
	if _, err := stdout.Write([]byte(report)); err != nil {
		return err
	}
	if wait > 0 && !grounded(d) {
		return errors.New("detect: no evidence of a mode after " + wait.String())
	}
	return nil
}

// grounded reports whether d rests on more than an empty host.
func grounded(d mode.Decision) bool {
	switch d.Reason {
	case mode.ReasonDefault:
		return false
	case mode.ReasonOnlySupported:
		return d.Pin
	}
	return true
}
