package kernel

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
)

// Architecture is a processor architecture, by its name in Go (GOARCH).
type Architecture string

// Runs returns true if a kernel of this architecture executes programs of another: of the same, or of its 32-bit
// predecessor through the kernel's compat layer.
func (a Architecture) Runs(programs Architecture) bool {
	return a == programs || a == "amd64" && programs == "386" || a == "arm64" && programs == "arm"
}

// ArchitectureOfFile returns the architecture of a program.
func ArchitectureOfFile(name string) (Architecture, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	a, err := ArchitectureOf(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}

// ArchitectureOf returns the architecture that an ELF file is for.
func ArchitectureOf(r io.ReaderAt) (Architecture, error) {
	file, err := elf.NewFile(r)
	if err != nil {
		return "", err
	}
	type kind struct {
		machine elf.Machine
		class   elf.Class
		data    elf.Data
	}
	k := kind{file.Machine, file.Class, file.Data}
	name, known := map[kind]Architecture{
		{elf.EM_386, elf.ELFCLASS32, elf.ELFDATA2LSB}:     "386",
		{elf.EM_AARCH64, elf.ELFCLASS64, elf.ELFDATA2LSB}: "arm64",
		{elf.EM_ARM, elf.ELFCLASS32, elf.ELFDATA2LSB}:     "arm",
		{elf.EM_PPC64, elf.ELFCLASS64, elf.ELFDATA2LSB}:   "ppc64le",
		{elf.EM_RISCV, elf.ELFCLASS64, elf.ELFDATA2LSB}:   "riscv64",
		{elf.EM_S390, elf.ELFCLASS64, elf.ELFDATA2MSB}:    "s390x",
		{elf.EM_X86_64, elf.ELFCLASS64, elf.ELFDATA2LSB}:  "amd64",
	}[k]
	if !known {
		return "", fmt.Errorf("unknown architecture: %v, %v, %v", k.machine, k.class, k.data)
	}
	return name, nil
}
