package main

import (
	"debug/elf"
	"fmt"
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// wrapperName is the file name under which `iptables-wrapper install` installs the wrapper.
const wrapperName = "iptables-wrapper"

// machine returns the ELF machine of an architecture in an image's configuration (a GOARCH).
func machine(architecture string) (elf.Machine, bool) {
	switch architecture {
	case "386":
		return elf.EM_386, true
	case "amd64":
		return elf.EM_X86_64, true
	case "arm":
		return elf.EM_ARM, true
	case "arm64":
		return elf.EM_AARCH64, true
	case "loong64":
		return elf.EM_LOONGARCH, true
	case "ppc64le":
		return elf.EM_PPC64, true
	case "riscv64":
		return elf.EM_RISCV, true
	case "s390x":
		return elf.EM_S390, true
	}
	return elf.EM_NONE, false
}

// check returns the problems of the image in an OCI layout directory, one line each, or an error if it cannot be read.
// If nftOnly is true, the image must have no legacy variant.
func check(dir string, nftOnly bool) ([]string, error) {
	image, err := imagetree.Open(dir)
	if err != nil {
		return nil, err
	}
	config, err := image.Config()
	if err != nil {
		return nil, err
	}
	want, known := machine(config.Architecture)
	if !known {
		return nil, fmt.Errorf("architecture %q: the wrapper is not built for it", config.Architecture)
	}
	files, err := flatten(image)
	if err != nil {
		return nil, err
	}
	var problems []string
	complain := func(format string, arguments ...any) {
		problems = append(problems, fmt.Sprintf(format, arguments...))
	}
	var wrapper command
	for _, a := range applet.All() {
		found, err := files.find(a.String())
		switch {
		case err != nil:
			complain("%s: %v", a, err)
		case path.Base(found.target) != wrapperName:
			complain("%s: leads to %s, not to the wrapper", found.name, found.target)
		case wrapper.target != "" && found.target != wrapper.target:
			complain("%s: leads to %s, where others lead to %s", found.name, found.target, wrapper.target)
		default:
			wrapper = found
		}
	}
	if wrapper.target == "" {
		return problems, nil
	}
	if mode := wrapper.file.Mode & 0o777; mode&0o111 != 0o111 {
		complain("%s: mode %04o: not executable for everybody", wrapper.target, mode)
	}
	programs := []command{wrapper}
	for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
		// The multi-call binary or, in distributions without one, the binary of this command.
		found, err := files.find("xtables-" + m.String() + "-multi")
		if err != nil {
			found, err = files.find(applet.IPTables.In(m))
		}
		if nftOnly && m == mode.Legacy {
			if err == nil {
				complain("%s: there, though the image is said to be nft only", found.target)
			}
			continue
		}
		if err != nil {
			complain("%s: mode not installed: %v", m, err)
			continue
		}
		programs = append(programs, found)
	}
	for _, program := range programs {
		if got := elf.Machine(program.file.Content); got != want {
			complain("%s: %s, but the image is for %s (%s)", program.target, got, config.Architecture, want)
		}
	}
	return problems, nil
}
