package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// binaryOf returns the name of a mode's binary.
func binaryOf(mode string) string { return "xtables-" + mode + "-multi" }

// host runs one command of the host's own iptables, and returns its output. It executes the image's binaries in the
// guest's root, where modprobe is.
func host(s plan.Step) (string, error) {
	binary := image + "/usr/sbin/" + binaryOf(s.Mode)
	linker, err := linkerOf(binary)
	if err != nil {
		return "", err
	}
	libraries := filepath.Dir(linker)
	argv := append([]string{linker, "--library-path", libraries, binary}, s.Argv...)
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/sbin", "XTABLES_LIBDIR=" + libraries + "/xtables"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(s.Stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("host's own %s %q: %w: %s", s.Mode, s.Argv, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}

// linkerOf returns the dynamic linker that a binary of the image names. In Debian, its path is a symlink into the
// architecture's library directory.
func linkerOf(binary string) (string, error) {
	file, err := elf.Open(binary)
	if err != nil {
		return "", err
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		name := make([]byte, p.Filesz)
		if _, err := p.ReadAt(name, 0); err != nil {
			return "", fmt.Errorf("%s: %w", binary, err)
		}
		return filepath.EvalSymlinks(image + strings.TrimRight(string(name), "\x00"))
	}
	return "", errors.New(binary + ": no ELF interpreter")
}
