// Package images_test checks the built wrapper and the pushed images: size, libraries, digests.
package images_test

import (
	"debug/elf"
	"os"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// maxWrapper is the documented maximum size in bytes. It is the sum of the segments. For architectures with pages of up
// to 64 KiB, the linker pads each of the three segments with zeros to a multiple of the page size; compressed layers do
// not contain this padding.
const maxWrapper = 1_900_000

// machines maps the wrapper's architectures, by the last part of their names in wrapper/BUILD.bazel, to their ELF
// machine.
func machines() map[string]elf.Machine {
	return map[string]elf.Machine{
		"386":     elf.EM_386,
		"amd64":   elf.EM_X86_64,
		"arm64":   elf.EM_AARCH64,
		"arm_v7":  elf.EM_ARM,
		"loong64": elf.EM_LOONGARCH,
		"ppc64le": elf.EM_PPC64,
		"riscv64": elf.EM_RISCV,
		"s390x":   elf.EM_S390,
	}
}

// The wrapper must run in every root file system, so it is a static binary for the right machine, and small.
func TestWrapper(t *testing.T) {
	for name := range strings.FieldsSeq(needs.Variable(t, "ARCHITECTURES")) {
		t.Run(name, func(t *testing.T) {
			machine, known := machines()[name]
			if !known {
				t.Fatalf("%s: no machine of it is in this test", name)
			}
			path := needs.Variable(t, "WRAPPER_"+name)
			program, err := elf.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer program.Close()
			if program.Machine != machine || program.Type != elf.ET_EXEC {
				t.Errorf("%s for %s, want ET_EXEC for %s", program.Type, program.Machine, machine)
			}
			var size uint64
			for _, header := range program.Progs {
				if header.Type == elf.PT_LOAD {
					size += header.Filesz
				}
				if header.Type == elf.PT_INTERP || header.Type == elf.PT_DYNAMIC {
					t.Errorf("has a %s: not static", header.Type)
				}
			}
			if size > maxWrapper {
				t.Errorf("%d bytes, %d allowed", size, maxWrapper)
			}
		})
	}
}

// The wrapper consists of the packages below wrapper/, the standard library and golang.org/x/sys.
func TestWrapperLibraries(t *testing.T) {
	text, err := os.ReadFile(needs.Variable(t, "WRAPPER_LIBRARIES"))
	if err != nil {
		t.Fatal(err)
	}
	own, sys := 0, 0
	for label := range strings.FieldsSeq(string(text)) {
		switch {
		case strings.HasPrefix(label, "@@//wrapper"):
			own++
		case strings.Contains(label, "org_golang_x_sys//"):
			sys++
		default:
			t.Errorf("the wrapper needs %s: only what is below wrapper/, the standard library and golang.org/x/sys may be in it", label)
		}
	}
	if own == 0 || sys == 0 {
		t.Errorf("no list of libraries: %q", text)
	}
}
