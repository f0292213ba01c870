// Command asmfloor takes the minimum time that any program adds to a call. A few instructions execute the program named
// by the first argument, with the arguments from the second on. They are the entry point (linker flag -E, as in package
// wrapper/inherit), so Go's runtime never starts.
//
//	asmfloor PATH ARGV0 ARGUMENT...
package main

// entry is defined in entry_linux_*.s.
func entry()

func main() { entry() }
