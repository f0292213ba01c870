package main

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// What a user can say to a call: its arguments belong to iptables.
const (
	overrideVariable = "IPTABLES_WRAPPER_MODE"
	debugVariable    = "IPTABLES_WRAPPER_DEBUG"
)

// call is one call of an applet. It returns only if there is nothing to become.
func call(a applet.Applet, argv, env []string) error {
	override, err := overriding(env)
	if err != nil {
		return err
	}
	if file := execPath(); xtables.IsBinary(file) {
		return failure(file, ": is a copy of iptables-wrapper, not an iptables binary: reinstall iptables")
	}
	debug := variable(env, debugVariable) == "1"
	self, root := selfPath(), rootfs.Host()
	inst, err := xtables.Find(root, self)
	if err != nil {
		return failure(a.String(), ": ", err.Error(), " beside iptables-wrapper or in ", strings.Join(applet.Dirs(), ", "))
	}
	in := inputs(override, inst)
	d := choose(&in, func() bool { return links.CanPin(root, self, inst, mode.Legacy) == nil })
	path := inst.Path(d.Mode, a)
	if emulated(self) {
		path = inst.Spelled(root, d.Mode, a)
	}
	if debug {
		stderr.Write([]byte(newReport(&in, env, root, inst, self).text(false) + "runs: " + path + "\n"))
	}
	if !inst.Has(d.Mode) {
		return failure(overrideVariable, "=", d.Mode.String(), ": that mode is not installed, only ", d.Mode.Other().String(),
			" is: unset the variable, or install that mode in this image")
	}
	if d.Pin {
		restore := inherit.Ignore(unix.SIGXFSZ) // a limit on file sizes fails a write and does not end the call
		err = links.Pin(root, self, inst, d.Mode, a)
		restore()
	}
	// A read-only or foreign file system is normal: the call works without a pin, and the next one tries again.
	if err != nil && debug {
		complain("not pinned: " + err.Error())
	}
	err = become(path, argv, env)
	if interpreter := installer.Interpreter(root, path); err == unix.ENOENT && interpreter != "" {
		return failure(path, ": its ELF interpreter ", interpreter, " is missing: copy it and the libraries of iptables into this image")
	}
	return failure(path, ": ", err.Error())
}

func inputs(override mode.Mode, inst xtables.Installation) mode.Inputs {
	return mode.Inputs{Override: override, NFTInstalled: inst.Has(mode.NFT), LegacyInstalled: inst.Has(mode.Legacy)}
}

// choose makes the decision of a call. pinnable reports whether a pin to legacy could be written.
func choose(in *mode.Inputs, pinnable func() bool) mode.Decision {
	if d, decided := mode.WithoutEvidence(in); decided {
		return d
	}
	in.Evidence = probe.Call(pinnable)
	return mode.Decide(in)
}

// overriding returns the mode that the environment says, zero for none. An empty value is none: that is how a variable is
// unset in a container's specification.
func overriding(env []string) (mode.Mode, error) {
	value := variable(env, overrideVariable)
	if value == "" {
		return 0, nil
	}
	m, ok := mode.Parse(value)
	if !ok {
		return 0, usageError(overrideVariable + "=" + value + ": not nft or legacy: correct or unset it")
	}
	return m, nil
}

// variable returns the value of a variable. Of one that is there twice the first counts, as for getenv(3).
func variable(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name); ok && value != "" && value[0] == '=' {
			return value[1:]
		}
	}
	return ""
}
