package inherit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const entry = "github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit.entry"

// emulators names the user-mode emulator (Debian's qemu-user-static) that runs each architecture's program here.
var emulators = map[string]string{
	"386":     "qemu-i386-static", // which Go programs crash; an amd64 kernel runs them itself
	"amd64":   "qemu-x86_64-static",
	"arm64":   "qemu-aarch64-static",
	"arm":     "qemu-arm-static",
	"ppc64le": "qemu-ppc64le-static",
	"s390x":   "qemu-s390x-static",
	"riscv64": "qemu-riscv64-static",
	"loong64": "qemu-loongarch64-static",
}

// TestHandover starts a program directly and through testdata/handover, with the same odd inheritance, and compares
// what the program says of itself.
func TestHandover(t *testing.T) {
	if handover := os.Getenv("INHERIT_HANDOVER"); handover != "" { // set by Bazel: built by it for this architecture
		path, err := filepath.Abs(handover)
		if err != nil {
			t.Fatal(err)
		}
		checkHandover(t, path)
		return
	}
	for arch, emulator := range emulators {
		t.Run(arch, func(t *testing.T) {
			handover := filepath.Join(t.TempDir(), "handover")
			build := exec.Command("go", "build", "-ldflags", "-s -w -E "+entry, "-o", handover, "./testdata/handover")
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOARM=7")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			if arch == runtime.GOARCH || arch == "386" && runtime.GOARCH == "amd64" {
				checkHandover(t, handover)
				return
			}
			needs.Machine(t, emulator)
			checkHandover(t, emulator, handover)
		})
	}
}

func checkHandover(t *testing.T, handover ...string) {
	t.Helper()
	for _, tc := range []struct{ name, setup, say string }{
		{"nothing odd", `exec "$@"`, `exec grep -E ^Sig[BI] /proc/self/status`},
		{"ignored signals", `trap "" PIPE TERM QUIT USR1 HUP; exec "$@"`, `exec grep ^SigIgn /proc/self/status`},
		{"blocked signals", `exec env --block-signal=CHLD,USR2,PIPE "$@"`, `exec grep ^SigBlk /proc/self/status`},
		{"closed standard input", `exec "$@" <&-`, `[ -e /proc/self/fd/0 ]`},
		{"closed standard output", `exec "$@" >&-`, `[ -e /proc/self/fd/1 ]`},
		{"open descriptors", `exec 5</etc/passwd 7</etc/group; exec "$@"`, `exec readlink /proc/self/fd/5 /proc/self/fd/7`},
		{"open files limit", `ulimit -Sn 64; exec "$@"`, `exec grep files /proc/self/limits`},
		{"umask", `umask 027; exec "$@"`, `exec grep ^Umask /proc/self/status`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			program := []string{"/bin/sh", "-c", tc.say}
			direct := output(tc.setup, program...)
			through := output(tc.setup, append(append([]string{}, handover...), program...)...)
			if direct != through {
				t.Errorf("%s\ndirectly: %s\nthrough:  %s", tc.say, direct, through)
			}
		})
	}
}

// output is what a program prints and how it ends when a shell starts it after setup.
func output(setup string, argv ...string) string {
	out, err := exec.Command("/bin/sh", append([]string{"-c", setup, "sh"}, argv...)...).CombinedOutput()
	if err != nil {
		return string(out) + err.Error()
	}
	return string(out)
}
