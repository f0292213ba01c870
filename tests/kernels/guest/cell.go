package main

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// cell creates the cell's state and runs its calls with the wrapper. It then repeats this with the binary of each mode in
// c.Direct, without the wrapper, for comparison. atRest are the modules that are loaded before each of these runs.
func cell(c plan.Cell, atRest []string) plan.Result {
	var r plan.Result
	err := inHost(c, atRest, func(root *container) (err error) {
		if c.HandOver {
			r.HandOver, err = handOver(root)
			return err
		}
		if c.Command != nil {
			run, err := root.execute(*c.Command)
			r.Calls = []plan.Run{run}
			return err
		}
		return wrapped(root, &r)
	})
	for _, mode := range c.Direct {
		if err != nil {
			break
		}
		err = inHost(c, atRest, func(root *container) error {
			if r.Direct == nil {
				r.Direct = map[string][]plan.Run{}
			}
			for _, call := range plan.Calls() {
				binary := "/usr/sbin/" + binaryOf(mode)
				run, err := root.run(binary, plan.Call{Argv: append([]string{binary}, call.Argv...), Stdin: call.Stdin})
				if err != nil {
					return err
				}
				r.Direct[mode] = append(r.Direct[mode], run)
			}
			return nil
		})
	}
	if err != nil {
		return plan.Result{Failed: err.Error()}
	}
	return r
}

// wrapped runs detect on the host, and then calls the wrapper.
func wrapped(root *container, r *plan.Result) error {
	var err error
	if r.Before, err = look(); err != nil {
		return err
	}
	if r.Detect, err = root.run("/usr/sbin/iptables-wrapper", plan.Call{Argv: []string{"iptables-wrapper", "detect", "--output", "json"}}); err != nil {
		return err
	}
	if r.AfterDetect, err = look(); err != nil {
		return err
	}
	if r.LinksByDetect, err = root.links(); err != nil {
		return err
	}
	for i, call := range plan.Calls() {
		run, err := root.run("/usr/sbin/"+call.Argv[0], call)
		if err != nil {
			return err
		}
		r.Calls = append(r.Calls, run)
		if i > 0 {
			continue
		}
		if r.AfterVersion, err = look(); err != nil {
			return err
		}
		if r.Links, err = root.links(); err != nil {
			return err
		}
	}
	if r.LinksInTheEnd, err = root.links(); err != nil {
		return err
	}
	for _, mode := range []string{"nft", "legacy"} {
		// An error means that the kernel does not support this mode.
		if out, err := host(plan.Step{Mode: mode, Argv: []string{"iptables", "-S", "INPUT"}}); err == nil && strings.Contains(out, plan.Restored) {
			r.RestoredIn = append(r.RestoredIn, mode)
		}
	}
	return nil
}

// inHost makes a host in the cell's state with a container in it, and calls f there. Afterwards it waits until the
// modules that were used can be unloaded.
func inHost(c plan.Cell, atRest []string, f func(*container) error) error {
	done := make(chan error)
	go func() {
		// The thread stays locked, so it ends with this goroutine, with its namespaces and dropped capabilities.
		runtime.LockOSThread()
		done <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
				return fmt.Errorf("unshare: %w", err)
			}
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return fmt.Errorf("make mounts private: %w", err)
			}
			for _, step := range c.Setup {
				if _, err := host(step); err != nil {
					return err
				}
			}
			root, err := newContainer(c)
			if err != nil {
				return err
			}
			err = f(root)
			if leaving := root.leave(); err == nil {
				err = leaving
			}
			return err
		}()
	}()
	if err := <-done; err != nil {
		return err
	}
	return unloadBut(atRest)
}
