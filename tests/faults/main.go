// Command faults disturbs installs and first calls at every system call, and looks what becomes of them. The system call is
// where a process is killed (so that what it did before stands, and nothing after), or fails with an error of a full, broken,
// read-only or foreign disk, or of a signal.
//
//	bazel run //tests/faults -- [--stride N] [--layout NAME]
//
// After each disturbance all six names run a real iptables of the right mode, the database is read by the program that it
// belongs to, and a second, undisturbed run ends with exactly what a run without any disturbance leaves. The disturbed run
// itself: a first call is the command all the same, unless killed; an install says that it is done only if it is, and
// that it failed only if nothing was changed.
//
// The faults are injected with ptrace(2) by this program itself. strace's injection can do as much, but it numbers system
// calls anew in every thread, goes on into the program that the wrapper becomes, and starts two more programs for each of
// some twenty thousand runs. A filter of seccomp(2) with a supervisor stays for good in all that the process becomes.
//
// It needs root, amd64, and network namespaces of its own, in which kubelet's chain says which mode is right. Bazel adds the
// files: --layer, --wrapper, --alts.
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
	stride := flag.Int("stride", 1, "disturb at every `N`th system call only")
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
		return fmt.Errorf("%d of the disturbed runs ended badly", bad)
	}
	return nil
}
