package machine

import (
	"fmt"
	"os/exec"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
)

// hardware is the machine that QEMU emulates for kernels of one architecture.
type hardware struct {
	program string   // QEMU's program
	pkg     string   // Debian's package of that program
	args    []string // the machine and its processor
	console string   // the kernel's console device, which -nographic connects to standard output
	append  string   // added to the kernel's command line
}

// hardwareOf returns the machine for kernels of an architecture. QEMU emulates it in software, so that it works the
// same everywhere.
func hardwareOf(a kernel.Architecture) (hardware, error) {
	h, known := map[kernel.Architecture]hardware{
		"386": {"qemu-system-i386", "qemu-system-x86", []string{"-cpu", "qemu32"}, "ttyS0", "reboot=t"},
		// A microvm has all devices that a guest needs.
		"amd64":   {"qemu-system-x86_64", "qemu-system-x86", []string{"-M", "microvm,acpi=off", "-cpu", "qemu64"}, "ttyS0", "reboot=t"},
		"arm":     {"qemu-system-arm", "qemu-system-arm", []string{"-M", "virt", "-cpu", "cortex-a15"}, "ttyAMA0", ""},
		"arm64":   {"qemu-system-aarch64", "qemu-system-arm", []string{"-M", "virt", "-cpu", "cortex-a57"}, "ttyAMA0", ""},
		"ppc64le": {"qemu-system-ppc64", "qemu-system-ppc", []string{"-M", "pseries", "-cpu", "power9"}, "hvc0", ""},
		"riscv64": {"qemu-system-riscv64", "qemu-system-misc", []string{"-M", "virt", "-cpu", "rv64"}, "ttyS0", ""},
		"s390x":   {"qemu-system-s390x", "qemu-system-misc", []string{"-M", "s390-ccw-virtio", "-cpu", "max"}, "ttysclp0", ""},
	}[a]
	if !known {
		return h, fmt.Errorf("%s: no machine is known for kernels of this architecture", a)
	}
	if _, err := exec.LookPath(h.program); err != nil {
		return h, fmt.Errorf("%s: not in PATH: install Debian's package %s", h.program, h.pkg)
	}
	return h, nil
}
