// Command alts replaces libalternatives' program of that name, which no Debian package contains. When it is called by a
// command's name, it executes the file in the configuration with the highest number, or with the number that an
// override selects. Source: libalts_exec_default in openSUSE/libalternatives, src/libalternatives.c.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "alts:", err)
		os.Exit(1)
	}
}

func run() error {
	name := filepath.Base(os.Args[0])
	dir := filepath.Join(links.ConfDir, name)
	conf, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(override(name))+".conf"))
	if err != nil {
		if conf, err = highest(dir); err != nil {
			return err
		}
	}
	binary := alternatives.ConfBinary(conf)
	if !strings.Contains(string(conf), "KeepArgv0") {
		os.Args[0] = binary
	}
	return fmt.Errorf("%s: %w", binary, syscall.Exec(binary, os.Args, os.Environ()))
}

// override returns the override for a name. The user's comes before the system's.
func override(name string) int {
	home := os.Getenv("XDG_CONFIG_HOME")
	if home == "" {
		home = filepath.Join(os.Getenv("HOME"), ".config")
	}
	for _, file := range []string{filepath.Join(home, "libalternatives.conf"), "/etc/libalternatives.conf"} {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if number := alternatives.Override(data, name); number > 0 {
			return number
		}
	}
	return 0
}

func highest(dir string) ([]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	best, file := 0, ""
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), ".")
		if n, err := strconv.Atoi(number); err == nil && n > best && entry.Type().IsRegular() {
			best, file = n, entry.Name()
		}
	}
	return os.ReadFile(filepath.Join(dir, file))
}
