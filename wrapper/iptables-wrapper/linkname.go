package main

import _ "unsafe" // for go:linkname

// What this process was started with, from the functions of package runtime that packages os and syscall start from. What
// they export is not what execve(2) shall hand on: os.Environ leaves out empty entries and all but one of those with the same
// name, and package os is 150 kB. The compiler takes a function without a body where a package has an assembly file, so there
// is linkname.s, which is empty.

// arguments returns the command line.
//
//go:linkname arguments os.runtime_args
func arguments() []string

// environ returns the environment as this process got it.
//
//go:linkname environ syscall.runtime_envs
func environ() []string
