package inherit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	_ "github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit" // the go command runs the test again when it changes
)

// emulators contains the user-mode emulator (Debian's qemu-user-static) that runs each architecture's binaries here.
var emulators = map[string]string{
	"386":     "qemu-i386-static", // it crashes with Go programs; an amd64 kernel runs them itself
	"amd64":   "qemu-x86_64-static",
	"arm64":   "qemu-aarch64-static",
	"arm":     "qemu-arm-static",
	"ppc64le": "qemu-ppc64le-static",
	"s390x":   "qemu-s390x-static",
	"riscv64": "qemu-riscv64-static",
	"loong64": "qemu-loongarch64-static",
}

// TestHandover starts a program directly and through testdata/handover, with the same unusual inheritance, and compares its
// outputs.
func TestHandover(t *testing.T) {
	if handover := os.Getenv("INHERIT_HANDOVER"); handover != "" { // Bazel sets it, and built the binary for this architecture
		path, err := filepath.Abs(handover)
		if err != nil {
			t.Fatal(err)
		}
		checkHandover(t, path)
		return
	}
	for arch, emulator := range emulators {
		t.Run(arch, func(t *testing.T) {
			native := arch == runtime.GOARCH || arch == "386" && runtime.GOARCH == "amd64"
			if !native {
				needs.Machine(t, emulator)
			}
			handover := needs.Program(t, "wrapper/inherit/testdata/handover", "GOARCH="+arch, "GOARM=7")
			if native {
				checkHandover(t, handover)
			} else {
				checkHandover(t, emulator, handover)
			}
		})
	}
}

func checkHandover(t *testing.T, handover ...string) {
	t.Helper()
	for _, tc := range []struct{ name, setup, say string }{
		{"defaults", `exec "$@"`, `exec grep -E ^Sig[BIC] /proc/self/status`},
		{"ignored signals", `trap "" PIPE TERM QUIT USR1 HUP PROF 40; exec "$@"`, `exec grep ^SigIgn /proc/self/status`},
		{"blocked signals", `exec env --block-signal=TERM,INT,CHLD,USR2,PIPE,PROF,URG,SEGV "$@"`, `exec grep ^SigBlk /proc/self/status`},
		{"pending signals", `exec env --block-signal=TERM,PROF,URG,SEGV sh -c 'kill -TERM $$; kill -PROF $$; kill -SEGV $$; kill -URG $$; exec "$@"' sh "$@"`,
			`exec grep -E '^(SigPnd|ShdPnd|SigBlk)' /proc/self/status`},
		{"closed standard input", `exec "$@" <&-`, `[ -e /proc/self/fd/0 ]`},
		{"closed standard output", `exec "$@" >&-`, `[ -e /proc/self/fd/1 ]`},
		{"closed standard descriptors", `exec 3>&1; exec "$@" <&- >&- 2>&-`, `exec ls /proc/self/fd >&3 2>&3`},
		{"open descriptors", `exec 5</etc/passwd 7</etc/group; exec "$@"`, `exec readlink /proc/self/fd/5 /proc/self/fd/7`},
		{"open files limit", `ulimit -Sn 64; exec "$@"`, `exec grep files /proc/self/limits`},
		{"umask", `umask 027; exec "$@"`, `exec grep ^Umask /proc/self/status`},
		{"no variables", `exec env -i "$@"`, `[ -z "$(tr -d "\0" </proc/$$/environ)" ]`},
		{"variables of the Go runtime",
			`exec env -i GOMEMLIMIT=1Gi A=1 GODEBUG=inittrace=1,asyncpreemptoff=0 GOGC=bogus GO= GOTRACEBACK=crash OG=1 GOMAXPROCS=x G= A=2 "$@"`,
			`tr "\0" "\n" </proc/$$/environ | sort`}, // qemu-user reverses the order
	} {
		// qemu-user handles most signals itself, and loses their dispositions at execve(2). There, only the program's own
		// report counts (inherit.Exact).
		if emulated := len(handover) > 1; emulated && strings.Contains(tc.say, "Sig") {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			program := []string{"/bin/sh", "-c", tc.say}
			direct := output(tc.setup, program...)
			if strings.Contains(direct, "exit status 127") {
				t.Fatalf("the program is not executed directly: %s", direct)
			}
			through := output(tc.setup, append(append([]string{}, handover...), program...)...)
			if direct != through || direct == "" && !strings.Contains(tc.say, "[") {
				t.Errorf("%s\ndirectly: %s\nthrough:  %s", tc.say, direct, through)
			}
		})
	}
}

// output returns the output and the exit status of a program that a shell starts after setup.
func output(setup string, argv ...string) string {
	out, err := exec.Command("/bin/sh", append([]string{"-c", setup, "sh"}, argv...)...).CombinedOutput()
	if err != nil {
		return string(out) + err.Error()
	}
	return string(out)
}
