// Command unpack extracts from Debian's kernel packages what a guest needs to boot: see package kernel.
//
// Usage: unpack OUTPUT.tar PACKAGE.deb...
package main

import (
	"fmt"
	"os"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: unpack OUTPUT.tar PACKAGE.deb...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "unpack:", err)
		os.Exit(1)
	}
}

func run(output string, packages []string) error {
	k, err := kernel.FromPackages(packages)
	if err != nil {
		return err
	}
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	if err := k.Write(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
