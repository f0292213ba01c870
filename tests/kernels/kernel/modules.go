package kernel

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Module is one module. Its data comes from its .modinfo section, because Debian's packages contain no modules.dep;
// depmod creates it at installation.
type Module struct {
	Name    string   `json:"name"`
	Depends []string `json:"depends"`
	Aliases []string `json:"aliases"`
	Data    []byte   `json:"-"` // not compressed

	path string // below the directory kernel
}

// Modules maps names to modules.
type Modules map[string]Module

// Canonical returns the spelling of a module's name or alias for comparisons: - and _ are equal (modprobe(8)).
func Canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// readModule reads a module's file. From trixie on, the file is compressed with xz.
func readModule(name string, data []byte) (Module, error) {
	stream, err := archive.Decompress(bytes.NewReader(data))
	if err != nil {
		return Module{}, err
	}
	defer stream.Close()
	if data, err = io.ReadAll(stream); err != nil {
		return Module{}, err
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return Module{}, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return Module{}, fmt.Errorf("no .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return Module{}, err
	}
	base, _, _ := strings.Cut(path.Base(name), ".ko")
	m := Module{Name: Canonical(base), Data: data, path: strings.TrimSuffix(name, ".xz")}
	for _, field := range strings.Split(string(info), "\x00") {
		key, value, _ := strings.Cut(field, "=")
		switch {
		case key == "depends" && value != "":
			m.Depends = strings.Split(Canonical(value), ",")
		case key == "alias":
			m.Aliases = append(m.Aliases, value)
		}
	}
	return m, nil
}

// Names returns the modules' names, sorted.
func (m Modules) Names() []string { return slices.Sorted(maps.Keys(m)) }

// with returns the modules for which keep is true, with all their dependencies.
func (m Modules) with(keep func(Module) bool) (Modules, error) {
	kept := Modules{}
	var add func(name string) error
	add = func(name string) error {
		if _, has := kept[name]; has {
			return nil
		}
		module, has := m[name]
		if !has {
			return fmt.Errorf("module %s: not in the packages", name)
		}
		kept[name] = module
		for _, needed := range module.Depends {
			if err := add(needed); err != nil {
				return fmt.Errorf("module %s: %w", name, err)
			}
		}
		return nil
	}
	for name, module := range m {
		if !keep(module) {
			continue
		}
		if err := add(name); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// Without returns the modules except those for which drop is true, and those that depend on them.
func (m Modules) Without(drop func(name string) bool) Modules {
	left := maps.Clone(m)
	for {
		before := len(left)
		maps.DeleteFunc(left, func(name string, module Module) bool {
			return drop(name) || slices.ContainsFunc(module.Depends, func(needed string) bool {
				_, has := left[needed]
				return !has
			})
		})
		if len(left) == before {
			return left
		}
	}
}
