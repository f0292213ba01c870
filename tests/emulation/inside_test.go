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

// registrationVariable makes the test's own binary a program that registers an emulator and then runs a command in a root.
const registrationVariable = "EMULATION_REGISTRATION"

func TestMain(m *testing.M) {
	if registration := os.Getenv(registrationVariable); registration != "" {
		fmt.Fprintln(os.Stderr, enter(registration, os.Args[1], os.Args[2:]))
		os.Exit(125)
	}
	os.Exit(m.Run())
}

// enter is called in namespaces of its own: binfmt_misc then knows the emulators of this user namespace only (kernel 6.7). It
// registers an emulator and executes argv in root.
func enter(registration, root string, argv []string) error {
	binfmt := filepath.Join(filepath.Dir(root), "binfmt_misc") // what is registered is gone with the mount
	if err := errors.Join(
		os.MkdirAll(binfmt, 0o755),
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("binfmt_misc", binfmt, "binfmt_misc", 0, ""),
		os.WriteFile(filepath.Join(binfmt, "register"), []byte(registration), 0o600),
		unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""),
		unix.Chroot(root),
		unix.Chdir("/"),
	); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", argv[0], unix.Exec(argv[0], argv, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}))
}

// run runs a command in a root, on a host without any firewall rule, under the registered emulator.
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
