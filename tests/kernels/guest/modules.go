package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
)

const moduleDir = "/lib/modules/"

// modprobe implements the used part of modprobe(8). The kernel calls "modprobe -q -- ALIAS", iptables-legacy calls
// "modprobe ip_tables -q".
func modprobe(args []string) error {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return load(arg)
		}
	}
	return errors.New("no module named")
}

// load loads a module by name or alias, with its dependencies.
func load(name string) error {
	text, err := os.ReadFile(moduleDir + "index.json")
	if err != nil {
		return err
	}
	modules := kernel.Modules{}
	if err := json.Unmarshal(text, &modules); err != nil {
		return err
	}
	name = kernel.Canonical(name)
	if _, exists := modules[name]; exists {
		return insert(modules, name)
	}
	// An alias can match several modules, some of them for another processor. modprobe tries all of them.
	err = fmt.Errorf("%s: no such module", name)
	loaded := false
	for _, candidate := range modules.Names() {
		for _, alias := range modules[candidate].Aliases {
			if kernel.Canonical(alias) != name {
				continue
			}
			if failed := insert(modules, candidate); failed != nil {
				err = failed
			} else {
				loaded = true
			}
		}
	}
	if loaded {
		return nil
	}
	return err
}

func insert(modules kernel.Modules, name string) error {
	for _, needed := range modules[name].Depends {
		if err := insert(modules, needed); err != nil {
			return err
		}
	}
	file, err := os.Open(moduleDir + name + ".ko")
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.FinitModule(int(file.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", name, err)
	}
	return nil
}

// loadedModules returns the sorted names in /proc/modules.
func loadedModules() ([]string, error) {
	text, err := os.ReadFile("/proc/modules")
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		names = append(names, strings.Fields(line)[0])
	}
	slices.Sort(names)
	return names, nil
}

// unloadBut unloads every module that is not in rest. A module can be unloaded only after the kernel has cleaned up the
// network namespaces that used it, some time after the last process has left them.
func unloadBut(rest []string) error {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		names, err := loadedModules()
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(names, func(name string) bool { return slices.Contains(rest, name) })
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: cannot be unloaded", strings.Join(left, " "))
		}
		for _, name := range left {
			_ = unix.DeleteModule(name, unix.O_NONBLOCK) // in use by another module: the next round tries again
		}
	}
}
