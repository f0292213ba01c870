// Command guest is process 1 of a guest of the kernel matrix. It executes the plan that the host has put into the
// initial file system, and writes the results to the console. When the kernel calls it as modprobe, it loads a module.
//
// The initial file system contains, beside it: /lib/modules, the modules that exist for this guest; /plan.json; /image, the root file
// system of a container image with the wrapper installed, or the OCI layouts that the plan names.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// The first goroutine keeps the first thread. That thread lives as long as the process, so a host on it would never
// end.
func init() { runtime.LockOSThread() }

func main() {
	if filepath.Base(os.Args[0]) == "modprobe" {
		if err := modprobe(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "modprobe:", err)
			os.Exit(1)
		}
		return
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "guest: not process 1: this program is the init of a virtual machine")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Println("guest:", err)
	}
	// With -no-reboot, a restart ends QEMU.
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART); err != nil {
		fmt.Println("guest: restart:", err)
	}
	select {}
}

func run() error {
	for _, m := range []struct{ target, fstype string }{{"/proc", "proc"}, {"/run", "tmpfs"}, {"/scratch", "tmpfs"}} {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.fstype, m.target, m.fstype, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	for _, dir := range []string{"/dev", image + "/dev"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mknod(dir+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
			return fmt.Errorf("make %s/null: %w", dir, err)
		}
	}
	text, err := os.ReadFile("/plan.json")
	if err != nil {
		return err
	}
	var p plan.Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	for _, name := range append([]string{"overlay"}, p.Load...) {
		if err := load(name); err != nil {
			return err
		}
	}
	atRest, err := loadedModules()
	if err != nil {
		return err
	}
	for i, c := range p.Cells {
		if c.Command != nil {
			if err := unpack(c.Command.Layout); err != nil {
				return err
			}
		}
		r := cell(c, atRest)
		r.Cell = i
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Println(plan.Prefix + string(line))
	}
	return nil
}
