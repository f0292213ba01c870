// Command faults injects a fault at every system call of installs and first calls, and checks the result. At the system
// call, the process is either killed, or the call fails with an error of a full, broken, read-only or foreign disk, or
// of a signal.
//
//	bazel run //tests/faults -- [--stride N] [--layout NAME]
//
// After each fault, all six names must execute a real iptables of the right mode, and the database must be readable by
// the program that owns it. A second run without a fault must give exactly the same result as a single run without a
// fault. For the run with the fault: a first call must execute the command, unless it was killed. An install must
// report success only if it is complete, and failure only if nothing was changed.
//
// This program injects the faults with ptrace(2). strace can inject the same faults, but it numbers system calls
// separately in every thread, also traces the binary that the wrapper executes, and starts two more programs for each
// of about twenty thousand runs. A seccomp(2) filter with a supervisor would stay active in the executed binary.
//
// It needs root, amd64, and separate network namespaces, in which kubelet's chain defines the right mode. Bazel adds
// the files: --layer, --wrapper, --alts.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func run() error {
	var files parts
	flag.StringVar(&files.layer, "layer", "", "root file system of Debian with iptables, `FILE`.tar.gz")
	flag.StringVar(&files.wrapper, "wrapper", "", "the wrapper, `FILE`")
	flag.StringVar(&files.alts, "alts", "", "program //tests/faults/alts, `FILE`")
	stride := flag.Int("stride", 1, "inject faults at every `N`th system call only")
	only := flag.String("layout", "", "only this layout, `NAME`")
	flag.Parse()
	if files.layer == "" || files.wrapper == "" || files.alts == "" || *stride < 1 || flag.NArg() > 0 {
		return errors.New("run it with Bazel: bazel run //tests/faults -- [--stride N] [--layout NAME]")
	}
	for _, file := range []*string{&files.layer, &files.wrapper, &files.alts} {
		absolute, err := filepath.Abs(*file)
		if err != nil {
			return err
		}
		*file = absolute
	}
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	image, err := unpack(dir, files)
	if err != nil {
		return err
	}
	rows, err := disturb(dir, image, files, plan{stride: *stride, wanted: func(l layout, _ string, _ fault) bool {
		return *only == "" || l.name == *only
	}})
	if err != nil {
		return err
	}
	bad := report(os.Stdout, rows)
	fmt.Printf("%s\n", time.Since(start).Round(time.Second))
	if bad > 0 {
		return fmt.Errorf("%d runs with a fault had a wrong result", bad)
	}
	return nil
}
