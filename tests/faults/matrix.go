package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"text/tabwriter"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// parts are the files that root file systems are made of.
type parts struct{ layer, wrapper, alts string }

// plan selects the faults to inject.
type plan struct {
	stride int
	wanted func(l layout, operation string, f fault) bool
}

// row is a line of the printed table: the results of one fault at every system call of one operation.
type row struct {
	layout, operation, fault         string
	injected, survived, broken, left int
	examples                         []string
}

// operations contains the names of the operations, in the order of the printed table.
var operations = []string{"install", "install --root", "first call, nft", "first call, legacy"}

// disturb runs everything in the plan, in two threads. image is the result of unpack; dir is for files that are
// written.
func disturb(dir, image string, files parts, p plan) ([]row, error) {
	type task struct {
		layout    layout
		operation string
		rows      []row
		err       error
	}
	var tasks []*task
	for _, l := range layouts() {
		for _, name := range operations {
			tasks = append(tasks, &task{layout: l, operation: name})
		}
	}
	queue := make(chan *task)
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for t := range queue {
				if failed.Load() {
					continue // the result has no table
				}
				t.rows, t.err = alone(dir, image, files, p, t.layout, t.operation)
				failed.CompareAndSwap(false, t.err != nil)
			}
		})
	}
	for _, t := range tasks {
		queue <- t
	}
	close(queue)
	workers.Wait()
	var rows []row
	for _, t := range tasks {
		if t.err != nil {
			return nil, fmt.Errorf("%s, %s: %w", t.layout.name, t.operation, t.err)
		}
		rows = append(rows, t.rows...)
	}
	return rows, nil
}

// unpack makes the root file system that is the lower layer of all others.
func unpack(dir string, files parts) (image string, err error) {
	image = filepath.Join(dir, "image")
	if err := errors.Join(os.Mkdir(image, 0o755), node.Unpack(image, files.layer)); err != nil {
		return "", err
	}
	for _, name := range []string{"proc", "run", "tmp"} {
		if err := os.MkdirAll(filepath.Join(image, name), 0o755); err != nil {
			return "", err
		}
	}
	return image, nil
}

// alone injects faults into one operation, in separate namespaces that end with the thread.
func alone(dir, image string, files parts, p plan, l layout, name string) (rows []row, err error) {
	var wanted []fault
	for _, f := range faults {
		if p.wanted(l, name, f) {
			wanted = append(wanted, f)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		done <- func() error {
			o, err := newOperation(dir, image, files, l, name)
			if err != nil {
				return err
			}
			for _, f := range wanted {
				r, err := o.disturb(f, p.stride)
				if err != nil {
					return fmt.Errorf("%s: %w", f.name, err)
				}
				rows = append(rows, r)
			}
			return nil
		}()
	}()
	return rows, <-done
}

// newOperation makes an operation with its root file system.
func newOperation(dir, image string, files parts, l layout, name string) (*operation, error) {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return nil, fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("make mounts private: %w", err)
	}
	scratch, err := os.MkdirTemp(dir, "scratch")
	if err != nil {
		return nil, err
	}
	if err := unix.Mount("tmpfs", scratch, "tmpfs", 0, "mode=755"); err != nil {
		return nil, fmt.Errorf("mount a tmpfs: %w", err)
	}
	made, err := newGround(filepath.Join(scratch, "layout"), image)
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(files.wrapper)
	err = errors.Join(err, os.WriteFile(filepath.Join(made.root, "iptables-wrapper"), program, 0o755), l.change(made.root, files.alts))
	if err != nil {
		return nil, err
	}
	made.leave()
	o := &operation{layout: l, name: name, mode: mode.NFT}
	if o.ground, err = newGround(filepath.Join(scratch, "before"), made.upper(), image); err != nil {
		return nil, err
	}
	install := o.ground.in("/iptables-wrapper", "install")
	switch name {
	case "install":
		o.program = install
	case "install --root":
		o.program = atRoot(files.wrapper, o.ground.root)
	default:
		if _, err := execute(install); err != nil {
			return nil, err
		}
		installed := o.ground
		installed.leave()
		if o.ground, err = newGround(filepath.Join(scratch, "installed"), installed.upper(), made.upper(), image); err != nil {
			return nil, err
		}
		o.pins = true
		o.program = o.ground.in("/usr/sbin/iptables", "-V")
		o.program.argv[0] = "iptables"
		if l.start != "" {
			o.program.path = l.start
		}
		if name == "first call, legacy" {
			o.mode = mode.Legacy
		}
	}
	return o, o.prepare()
}

func atRoot(wrapper, root string) program {
	return program{path: wrapper, argv: []string{"iptables-wrapper", "install", "--root", root}, env: environment}
}

// disturb repeats the operation, each time with the fault at a later system call, until the operation has no more calls.
// It counts the results.
func (o *operation) disturb(f fault, stride int) (row, error) {
	r := row{layout: o.layout.name, operation: o.name, fault: f.name}
	for at := 0; ; at += stride {
		if err := o.ground.reset(); err != nil {
			return r, err
		}
		out, err := trace(o.program, f, at)
		if err != nil {
			return r, err
		}
		if out.hit == "" {
			return r, nil
		}
		v, err := o.judge(f, out)
		if err != nil {
			return r, err
		}
		r.injected++
		switch {
		case v.broken != "":
			r.broken++
		case v.left != "":
			r.left++
		default:
			r.survived++
			continue
		}
		if len(r.examples) < 3 {
			r.examples = append(r.examples, fmt.Sprintf("at call %d, %s: %s%s", at, out.hit, v.broken, v.left))
		}
	}
}

// report prints the table and returns the number of runs with a wrong result.
func report(w io.Writer, rows []row) (bad int) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "layout\toperation\tfault\tinjected\tsurvived\tbroken\tleft over")
	var sum row
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", r.layout, r.operation, r.fault, r.injected, r.survived, r.broken, r.left)
		sum.injected, sum.survived = sum.injected+r.injected, sum.survived+r.survived
		sum.broken, sum.left = sum.broken+r.broken, sum.left+r.left
	}
	fmt.Fprintf(t, "all\t\t\t%d\t%d\t%d\t%d\n", sum.injected, sum.survived, sum.broken, sum.left)
	t.Flush()
	for _, r := range rows {
		for _, example := range r.examples {
			fmt.Fprintf(w, "%s, %s, %s, %s\n", r.layout, r.operation, r.fault, example)
		}
	}
	return sum.broken + sum.left
}
