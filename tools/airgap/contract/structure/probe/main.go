// Command probe is the only program in the image that tests the structure tests. It prints properties of its container.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "probe: %v\n", err)
		os.Exit(1)
	}
}

// run executes commands in order. Each takes one argument.
func run(args []string) error {
	for len(args) >= 2 {
		if err := command(args[0], args[1]); err != nil {
			return err
		}
		args = args[2:]
	}
	if len(args) > 0 {
		return fmt.Errorf("%s has no argument", args[0])
	}
	return nil
}

func command(name, arg string) error {
	switch name {
	case "print":
		fmt.Println(arg)
	case "error":
		fmt.Fprintln(os.Stderr, arg)
	case "exit":
		status, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		os.Exit(status)
	case "env":
		fmt.Printf("%s=%s\n", arg, os.Getenv(arg))
	case "write":
		return os.WriteFile(arg, []byte("written"), 0o644)
	case "cat":
		content, err := os.ReadFile(arg)
		if err != nil {
			return err
		}
		fmt.Println(string(content))
	case "has":
		return capability(arg)
	case "show":
		return show(arg)
	default:
		return fmt.Errorf("%s is unknown", name)
	}
	return nil
}

func show(what string) error {
	switch what {
	case "id":
		fmt.Printf("uid=%d gid=%d\n", os.Getuid(), os.Getgid())
	case "pwd":
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		fmt.Println(dir)
	case "terminal":
		_, err := unix.IoctlGetTermios(1, unix.TCGETS)
		fmt.Printf("terminal=%v\n", err == nil)
	case "bytes":
		fmt.Println("\xff\xfe")
	case "keyring":
		// Docker's seccomp profile allows it only in privileged containers.
		id, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_THREAD_KEYRING, true)
		if err != nil {
			fmt.Println("keyring:", err)
			return nil
		}
		fmt.Println("keyring:", id)
	case "interfaces":
		interfaces, err := net.Interfaces()
		if err != nil {
			return err
		}
		for _, i := range interfaces {
			fmt.Println("interface", i.Name)
		}
	default:
		return fmt.Errorf("%s cannot be shown", what)
	}
	return nil
}

// capability reports whether the capability with this number is effective (linux/capability.h).
func capability(number string) error {
	bit, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		text, ok := strings.CutPrefix(line, "CapEff:")
		if !ok {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
		if err != nil {
			return err
		}
		fmt.Printf("capability %d: %v\n", bit, set&(1<<bit) != 0)
		return nil
	}
	return fmt.Errorf("no CapEff in /proc/self/status")
}
