package emulation

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

const (
	rootVariable      = "EMULATION_ROOT"      // the archive of an arm64 Debian with iptables registered, a shell and rm
	installerVariable = "EMULATION_INSTALLER" // the script
	wrappersVariable  = "EMULATION_WRAPPERS"  // ARCHITECTURE=FILE, blanks between
	script            = "/iptables-wrapper-installer.sh"
	installed         = "/usr/sbin/iptables-wrapper"
)

var applets = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}

// elf contains the first bytes of an arm64 binary, and a mask of the relevant bits (qemu-binfmt-conf.sh of qemu).
const elf = `\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`

// TestBuild runs the script as the RUN of a Dockerfile does, and then iptables, in an arm64 image on a machine of
// another architecture. The flags are those of the kernel's Documentation/admin-guide/binfmt-misc.rst. F opens the
// emulator when it is registered, so that the image need not contain it. P passes argv[0]. O and C open the binary for
// the emulator.
func TestBuild(t *testing.T) {
	needs.Machine(t, "root", "qemu-aarch64-static", "user_binfmt_misc")
	archive, wrapper := needs.Variable(t, rootVariable), wrapperFor(t, "arm64")
	emulator := needs.Emulator(t, "arm64")
	for _, row := range []struct {
		flags   string
		inImage bool
	}{
		{"F", false}, {"PF", false}, {"OCF", false}, {"POCF", false},
		{"F", true}, {"PF", true}, {"", true}, {"P", true},
	} {
		t.Run(fmt.Sprintf("flags %q, emulator in the image %v", row.flags, row.inImage), func(t *testing.T) {
			root := newRoot(t, archive, wrapper)
			path := emulator
			if row.inImage {
				path = "/usr/bin/qemu-aarch64-static"
				copyFile(t, emulator, root+path)
				path = map[bool]string{true: root + path, false: path}[strings.Contains(row.flags, "F")]
			}
			registration := ":arm64:M::" + elf + ":" + path + ":" + row.flags
			must := func(argv ...string) string {
				t.Helper()
				out, err := run(registration, root, argv...)
				if err != nil {
					t.Fatalf("%q: %v\n%s", argv, err, out)
				}
				return out
			}
			if machine := must("/usr/bin/uname", "-m"); machine != "aarch64" {
				t.Fatalf("uname -m in the image printed %s", machine)
			}
			if out := must("/bin/sh", "-c", script); out != "" {
				t.Errorf("the script printed %q", out)
			}
			assertInstalled(t, root, wrapper)
			for _, call := range [][]string{{"/usr/sbin/iptables"}, {"/usr/sbin/ip6tables"}, {"/bin/sh", "-c", "iptables --version"}} {
				if call[0] != "/bin/sh" {
					call = append(call, "--version")
				}
				if out := must(call...); !strings.HasPrefix(out, "ip") || !strings.Contains(out, "tables v1.8.") {
					t.Errorf("%q says %q", call, out)
				}
			}
			if out := must("/usr/sbin/iptables-wrapper", "detect", "--output", "text"); !strings.Contains(out, "mode: ") {
				t.Errorf("detect printed %q", out)
			}
		})
	}
}

// Without binfmt_misc, the test calls the emulator directly.
func TestCalledDirectly(t *testing.T) {
	needs.Machine(t, "root", "qemu-aarch64-static")
	wrapper := wrapperFor(t, "arm64")
	root := newRoot(t, needs.Variable(t, rootVariable), wrapper)
	copyFile(t, needs.Emulator(t, "arm64"), filepath.Join(root, "qemu"))
	if out, err := run(unregistered, root, "/qemu", "/iptables-wrapper", "install"); err != nil || out != "" {
		t.Fatalf("install: %v\n%s", err, out)
	}
	assertInstalled(t, root, wrapper)
}

// Every wrapper must run on its architecture.
func TestArchitectures(t *testing.T) {
	for _, arch := range architectures() {
		t.Run(arch, func(t *testing.T) {
			var argv []string
			// An amd64 kernel executes 386 binaries. Under the emulator, Go programs for 386 crash.
			if native := arch == runtime.GOARCH || arch == "386" && runtime.GOARCH == "amd64"; !native {
				argv = append(argv, needs.Emulator(t, arch))
			}
			argv = append(argv, wrapperFor(t, arch))
			root := roots.Find("Alpine 3.22").Before.Build(t, map[string]string{roots.NFT: argv[len(argv)-1], roots.Legacy: argv[len(argv)-1]})
			for _, row := range []struct{ args, want string }{
				{"version", "iptables-wrapper "},
				{"install --no-sanity-check --dry-run --root " + root, "/usr/sbin/iptables"},
			} {
				command := append(append([]string{}, argv...), strings.Fields(row.args)...)
				out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
				if err != nil || !strings.Contains(string(out), row.want) || strings.Contains(string(out), "without the linker flags") {
					t.Errorf("%q: %v\n%s", command, err, out)
				}
			}
		})
	}
}

// newRoot returns the image's root file system before the RUN.
func newRoot(t *testing.T, archive, wrapper string) (root string) {
	t.Helper()
	root = roots.Unpack(t, archive)
	if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, wrapper, filepath.Join(root, "iptables-wrapper"))
	installer := os.Getenv(installerVariable)
	if installer == "" {
		installer = "../../installer" + script
	}
	copyFile(t, installer, root+script)
	return root
}

// assertInstalled compares the installed file with the wrapper, byte for byte, and checks where the names lead.
func assertInstalled(t *testing.T, root, wrapper string) {
	t.Helper()
	want, err := os.ReadFile(wrapper)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(root + installed)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s is not the wrapper: %d bytes, want %d, %v", installed, len(got), len(want), err)
	}
	for _, name := range applets {
		first, err := os.Readlink(filepath.Join(root, "usr/sbin", name))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := os.Readlink(filepath.Join(root, first)); err != nil || second != installed {
			t.Errorf("%s leads to %s and then to %s, %v", name, first, second, err)
		}
	}
}

// architectures returns the architectures for which Bazel has built the wrapper. Without Bazel it returns all.
func architectures() []string {
	pairs := strings.Fields(os.Getenv(wrappersVariable))
	if len(pairs) == 0 {
		return []string{"386", "amd64", "arm", "arm64", "loong64", "ppc64le", "riscv64", "s390x"}
	}
	for i, pair := range pairs {
		pairs[i], _, _ = strings.Cut(pair, "=")
	}
	return pairs
}

// wrapperFor returns the wrapper for an architecture, from Bazel or from make.
func wrapperFor(t *testing.T, arch string) string {
	t.Helper()
	for _, pair := range strings.Fields(os.Getenv(wrappersVariable)) {
		if name, file, _ := strings.Cut(pair, "="); name == arch {
			// The command line works only under this name.
			path := filepath.Join(t.TempDir(), "iptables-wrapper")
			copyFile(t, file, path)
			return path
		}
	}
	return needs.Program(t, "wrapper/iptables-wrapper", "GOARCH="+arch)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
