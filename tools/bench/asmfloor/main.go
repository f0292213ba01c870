// Command asmfloor is the least that any program adds to a call: a few instructions that execute the program named by the
// first argument, with the arguments from the second on. They are the entry point (linker flag -E, as in package
// wrapper/inherit), so that nothing of Go's runtime ever runs.
//
//	asmfloor PATH ARGV0 ARGUMENT...
package main

// entry is in entry_linux_*.s.
func entry()

func main() { entry() }
