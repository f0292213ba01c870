package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// commandName is the only name that means the command line instead of an applet.
const commandName = xtables.Wrapper

const usage = `usage:
  iptables-wrapper install [--root DIR] [--wrapper FILE] [--nft-only] [--no-sanity-check] [--dry-run]
  iptables-wrapper detect [--output text|json|mode] [--wait DURATION] [--check]
  iptables-wrapper set nft|legacy|detected|auto
  iptables-wrapper version
  iptables-wrapper help

install  Replace the iptables commands of this root file system with the
         wrapper. A pinned installation decides again.
  --root DIR         Use the unpacked root file system in DIR.
  --wrapper FILE     Install this binary instead of the running one.
  --nft-only         Accept an image without the legacy binaries. Rules then
                     go into nft, also on hosts that use legacy.
  --no-sanity-check  Install also if a mode is missing or incomplete, or if
                     iptables is older than 1.8.4 or for another architecture.
                     Calls may fail then. A file of yours with the name of an
                     iptables command is replaced.
  --dry-run          Check the root file system, print each change that install
                     would make on a line of its own, and change nothing.
detect   Print the problems, the mode that a call would use, and the evidence.
         Nothing is changed.
  --output FORMAT    text, json, or mode (one word).
  --wait DURATION    Wait for a kubelet chain, for example 30s or 2m. Exit with
                     status 1 if there is none when the time is up.
  --check            Exit with status 3 if there is a problem.
set      Pin the installed commands to a mode: nft, legacy, or detected (the mode
         that a call would use, which is printed). With auto, the wrapper
         decides again on each call.
--help, -h and --version work anywhere.

Environment of a call:
  IPTABLES_WRAPPER_MODE=nft|legacy  use this mode
  IPTABLES_WRAPPER_DEBUG=1          print the evidence and the decision

Exit status: 0 done; 1 failed; 2 usage error; 3 --check found a problem. A call
has the exit status of the iptables binary that it executes.
`

// version is set by the linker: -X main.version=v1.2.3.
var version = "devel"

// command runs the command line. args does not contain the program's name.
func command(args []string) error {
	if len(args) == 0 {
		return usageError("no command")
	}
	for _, arg := range args {
		switch arg {
		case "--help", "-h":
			args = []string{"help"}
		case "--version":
			args = []string{"version"}
		}
	}
	text := usage
	switch args[0] {
	case "install":
		return install(args)
	case "detect":
		return detectMode(args)
	case "set":
		return set(args)
	case "version":
		text = commandName + " " + version + "\n"
		if !inherit.Exact() {
			text += "built without the linker flags of make and Bazel: a signal that the caller ignores or blocks can end the wrapper\n"
		}
	case "help":
	default:
		return usageError("unknown command \"" + args[0] + "\"")
	}
	if len(args) > 1 {
		return usageError("unexpected argument \"" + args[1] + "\"")
	}
	return write(unix.Stdout, text)
}

// parse parses the arguments of a command, the first of which is its name. An option with a *string has a value, written "--name
// value" or "--name=value"; one with a *bool has none. Package flag would add 250 kB, because it uses reflection.
func parse(args []string, options map[string]any) error {
	command, args := args[0], args[1:]
	wrong := func(text ...string) error { return usageError(command + ": " + strings.Join(text, "")) }
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		switch option := options[name].(type) {
		case *bool:
			if hasValue {
				return wrong(name, " takes no value")
			}
			*option = true
		case *string:
			if !hasValue && len(args) == 0 {
				return wrong(name, " needs a value")
			}
			if !hasValue {
				value, args = args[0], args[1:]
			}
			*option = value
		default:
			return wrong("unexpected argument \"", name, "\"")
		}
	}
	return nil
}

// install runs the command install.
func install(args []string) error {
	dir, wrapper := "/", selfPath()
	var unchecked, dry, nftOnly bool
	err := parse(args, map[string]any{"--root": &dir, "--wrapper": &wrapper,
		"--nft-only": &nftOnly, "--no-sanity-check": &unchecked, "--dry-run": &dry})
	switch {
	case err != nil:
		return err
	case dir == "":
		return usageError("install: --root is empty")
	case wrapper == "":
		return errors.New("install: cannot find its own file: no /proc, and not started by a path: install with --wrapper FILE")
	}
	if dir, err = absolute(dir); err == nil {
		wrapper, err = absolute(wrapper)
	}
	root := rootfs.Host()
	if err == nil && dir != "/" {
		root, err = rootfs.Open(dir)
	}
	if err != nil {
		return failure("install: ", err.Error())
	}
	defer root.Close()
	return runInstaller("install", installer.Options{
		Root: root, Self: wrapper, SanityCheck: !unchecked, NFTOnly: nftOnly, DryRun: dry,
	})
}

func runInstaller(command string, o installer.Options) error {
	result, err := installer.Install(o)
	if err != nil {
		return failure(command, ": ", err.Error())
	}
	for _, change := range result.Changes {
		if o.DryRun {
			_ = write(unix.Stdout, printable(change.String())+"\n")
		}
	}
	for _, warning := range result.Warnings {
		complain(command + ": warning: " + warning.Error())
	}
	return nil
}

// set runs the command set. It pins the installation manually, or makes the wrapper decide again.
func set(args []string) error {
	if len(args) != 2 {
		return usageError("set: needs one argument: nft, legacy, detected or auto")
	}
	m, known := mode.Parse(args[1])
	auto, detected := args[1] == "auto", args[1] == "detected"
	if !known && !auto && !detected {
		return usageError("set: \"" + args[1] + "\": not nft, legacy, detected or auto")
	}
	s, err := newState()
	if err != nil && detected {
		return err
	}
	err = s.use(xtables.FindInstalled(rootfs.Host(), selfPath()))
	switch {
	case err != nil:
		return failure("set: ", err.Error(), ": install iptables, then run iptables-wrapper install")
	case links.Look(s.inst) == links.Status{}:
		return failure("set: ", s.inst.Wrapper, " does not exist: run iptables-wrapper install first")
	case auto:
		// Installing the wrapper that is installed copies nothing: every name is pointed at it.
		return runInstaller("set auto", installer.Options{Root: s.inst.Root, Self: s.inst.Wrapper})
	case detected:
		m = s.choose(func() bool { return false }).Mode
	}
	if !s.inst.Has(m) {
		return failure("set ", args[1], ": that mode is not installed, only ", m.Other().String(), " is: install it in this image")
	}
	if err := installer.Pin(s.inst, m); err != nil {
		return failure("set ", args[1], ": ", err.Error())
	}
	if detected {
		return write(unix.Stdout, m.String()+"\n")
	}
	return nil
}
