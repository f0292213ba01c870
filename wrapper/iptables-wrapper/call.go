package main

import (
	"strings"
	"unsafe"

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

// The variables that change what a call does. Its arguments belong to iptables.
const (
	overrideVariable = "IPTABLES_WRAPPER_MODE"
	debugVariable    = "IPTABLES_WRAPPER_DEBUG"
)

// state contains the environment, the installation and the evidence. Decisions, pins and reports depend on them.
type state struct {
	mode.Inputs
	env  []string
	inst *xtables.Installation
}

// newState returns the state of this process before the search for an installation. Without an error, it contains the mode that
// the environment selects. An empty variable counts as unset: a container's specification can unset a variable only in this way.
func newState() (*state, error) {
	s := &state{env: inherit.Environ()}
	value := variable(s.env, overrideVariable)
	m, ok := mode.Parse(value)
	if value != "" && !ok {
		return s, usageError(overrideVariable + "=" + value + ": not nft or legacy: correct or unset it")
	}
	s.Override = m
	return s, nil
}

// use stores the result of xtables.Find or xtables.FindInstalled.
func (s *state) use(inst *xtables.Installation, err error) error {
	s.inst, s.NFTInstalled, s.LegacyInstalled = inst, inst.Has(mode.NFT), inst.Has(mode.Legacy)
	return err
}

// choose decides for a call. pinnable reports whether a pin to legacy could be written.
func (s *state) choose(pinnable func() bool) mode.Decision {
	if d, decided := mode.WithoutEvidence(&s.Inputs); decided {
		return d
	}
	s.Evidence = probe.Call(pinnable)
	return s.Evidence.Decide()
}

// variable returns the value of a variable. If the environment contains it twice, the first one counts, as for getenv(3).
func variable(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// call executes an applet. It returns only if no binary can be executed.
func call(a applet.Applet, argv []string) error {
	s, err := newState()
	if err != nil {
		return err
	}
	if file := execPath(); xtables.IsBinary(file) {
		return failure(file, ": is a copy of iptables-wrapper, not an iptables binary: reinstall iptables")
	}
	if err := s.use(xtables.Find(rootfs.Host(), selfPath())); err != nil {
		return failure(a.String(), ": ", err.Error(), " beside iptables-wrapper or in ", strings.Join(applet.Dirs(), ", "))
	}
	d := s.choose(func() bool { return links.CanPin(s.inst, mode.Legacy) == nil })
	path := s.inst.Path(d.Mode, a)
	program, err := s.inst.Root.Readlink("/proc/thread-self/exe")
	if err == nil && program != s.inst.Wrapper { // only with an emulator: see selfPath
		path = s.inst.Spelled(d.Mode, a)
	}
	debug := variable(s.env, debugVariable) == "1"
	if debug {
		_ = write(unix.Stderr, newReport(s).text()+"runs: "+path+"\n")
	}
	if !s.inst.Has(d.Mode) {
		return failure(overrideVariable, "=", d.Mode.String(), ": that mode is not installed, only ", d.Mode.Other().String(),
			" is: unset the variable, or install that mode in this image")
	}
	if d.Pin {
		restore := inherit.Ignore(unix.SIGXFSZ) // a limit on file sizes lets a write fail, but does not end the call
		err := links.Pin(s.inst, d.Mode, a)
		restore()
		// A file system that is read-only or belongs to another user is normal: the call works without a pin, and the next call
		// tries again.
		if err != nil && debug {
			complain("not pinned: " + err.Error())
		}
	}
	// Package inherit explains why the new process gets everything that the caller set up. unix.Exec restores the limit on open
	// files, which package syscall raises.
	err = unix.Exec(path, argv, s.env)
	if interpreter := installer.Interpreter(s.inst.Root, path); err == unix.ENOENT && interpreter != "" {
		return failure(path, ": its ELF interpreter ", interpreter, " is missing: copy it and the libraries of iptables into this image")
	}
	return failure(path, ": ", err.Error())
}

// selfPath returns the absolute path of the file that this process executes, or "" if it is unknown. Without /proc, it is the path
// that was passed to execve(2), with its symlinks resolved.
//
// User-mode emulators (qemu-user through binfmt_misc) translate /proc/self/exe, but /proc/thread-self/exe names the emulator.
func selfPath() string {
	root := rootfs.Host()
	if path, _ := root.Readlink("/proc/self/exe"); path != "" && path[0] == '/' {
		return path
	}
	path := execPath()
	if path == "" {
		return ""
	}
	path, err := absolute(path)
	if err != nil {
		return ""
	}
	end, _ := root.Resolve(path)
	return end
}

// execPath returns the path that was passed to execve(2). The kernel puts its address into the auxiliary vector (create_elf_tables
// in fs/binfmt_elf.c).
func execPath() string {
	const atExecfn = 31    // AT_EXECFN, include/uapi/linux/auxvec.h
	auxv, _ := unix.Auxv() // with an error, auxv is empty
	for i := range auxv {
		if auxv[i][0] == atExecfn {
			return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&auxv[i][1])))
		}
	}
	return ""
}

// absolute returns a path that does not depend on the working directory.
func absolute(path string) (string, error) {
	if path[0] == '/' {
		return path, nil
	}
	dir, err := unix.Getwd()
	return dir + "/" + path, err
}
