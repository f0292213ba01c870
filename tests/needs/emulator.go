package needs

import (
	"os/exec"
	"strings"
	"testing"
)

// emulators maps architectures to qemu's user-mode emulators, with the names of Debian's package qemu-user-static up to
// trixie. Later releases omit "-static".
var emulators = map[string]string{
	"amd64":   "qemu-x86_64-static",
	"arm":     "qemu-arm-static",
	"arm64":   "qemu-aarch64-static",
	"loong64": "qemu-loongarch64-static",
	"ppc64le": "qemu-ppc64le-static",
	"riscv64": "qemu-riscv64-static",
	"s390x":   "qemu-s390x-static",
}

// Emulator returns the path of the static emulator that runs programs of an architecture.
func Emulator(t testing.TB, goarch string) string {
	t.Helper()
	path := static(emulators[goarch])
	if path == "" {
		lack(t, "needs "+emulators[goarch]+", which is not here", `name "@machine//:qemu-aarch64-static" in its target_compatible_with`)
	}
	return path
}

// static returns the path of a program under either of its names, or "".
func static(name string) string {
	for _, name := range []string{name, strings.TrimSuffix(name, "-static")} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
