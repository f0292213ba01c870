package emulation

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// registrationVariable makes this test binary register an emulator and then run a command in a root.
const registrationVariable = "EMULATION_REGISTRATION"

func TestMain(m *testing.M) {
	if registration := os.Getenv(registrationVariable); registration != "" {
		fmt.Fprintln(os.Stderr, enter(registration, os.Args[1], os.Args[2:]))
		os.Exit(125)
	}
	os.Exit(m.Run())
}

// unregistered means that no emulator is registered.
const unregistered = "none"

// enter registers an emulator and executes argv in root. It must be called in separate namespaces.
func enter(registration, root string, argv []string) error {
	if err := errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		register(registration, filepath.Join(filepath.Dir(root), "binfmt_misc")),
		unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""),
		unix.Chroot(root),
		unix.Chdir("/"),
	); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", argv[0], unix.Exec(argv[0], argv, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}))
}

// register registers an emulator. A binfmt_misc that is mounted in a user namespace contains only the emulators of this
// namespace (kernel 6.7), as long as it is mounted.
func register(registration, binfmt string) error {
	if registration == unregistered {
		return nil
	}
	return errors.Join(
		os.MkdirAll(binfmt, 0o755),
		unix.Mount("binfmt_misc", binfmt, "binfmt_misc", 0, ""),
		os.WriteFile(filepath.Join(binfmt, "register"), []byte(registration), 0o600),
	)
}

// run runs a command in a root with the registered emulator, on a host without firewall rules.
func run(registration, root string, argv ...string) (out string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	command := exec.Command(self, append([]string{root}, argv...)...)
	command.Env = []string{registrationVariable + "=" + registration}
	all := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1 << 16}}
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:                 unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID,
		UidMappings:                all,
		GidMappings:                all,
		GidMappingsEnableSetgroups: true,
	}
	output, err := command.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}
