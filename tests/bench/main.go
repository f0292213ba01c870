// Command bench measures what a first call through the wrapper costs over calling the mode's binary directly: by mode,
// and by the number of rules on the host. It prints medians and ratios; with --svg it also draws them.
//
//	go run ./tests/bench --root DIR [--calls 200] [--rules 0,1000,10000,50000] [--svg FILE]
//
// DIR is an unpacked root file system with both modes' binaries into which the wrapper is installed
// (iptables-wrapper install --root DIR); it is left installed and not pinned. Needs root.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	root := flag.String("root", "", "root file system with the wrapper installed")
	calls := flag.Int("calls", 200, "calls of each kind")
	counts := flag.String("rules", "0,1000,10000,50000", "numbers of rules")
	svg := flag.String("svg", "", "file to draw a chart in")
	flag.Parse()
	if *root == "" || *calls < 1 {
		return errors.New("usage: bench --root DIR [--calls N] [--rules N,N,...] [--svg FILE]")
	}
	var rows []row
	for _, mode := range []string{"nft", "legacy"} {
		for _, text := range strings.Split(*counts, ",") {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return fmt.Errorf("--rules %s: not numbers separated by commas", *counts)
			}
			r, err := measure(*root, mode, n, *calls)
			if err != nil {
				return fmt.Errorf("%s, %d rules: %w", mode, n, err)
			}
			rows = append(rows, r)
		}
	}
	printTable(rows)
	if *svg == "" {
		return nil
	}
	return os.WriteFile(*svg, []byte(chart(rows)), 0o644)
}

// row is one line of the table: medians of each kind of call, in one mode with so many rules on the host.
type row struct {
	mode   string
	rules  int
	direct time.Duration // the mode's binary
	floor  time.Duration // the wrapper told by the environment: start, find, become, and no question to the kernel
	first  time.Duration // the wrapper deciding by kubelet's chain and pinning
	guess  time.Duration // the wrapper deciding by rule counts, on a host without kubelet
}

func (r row) overhead() time.Duration { return r.first - r.direct }

// measure fills a network namespace of its own and times the calls in turn, so that whatever else the machine does
// meanwhile falls on all kinds alike.
func measure(root, mode string, rules, calls int) (row, error) {
	r := row{mode: mode, rules: rules}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread and its namespace end with this goroutine
		done <- r.measure(root, rules, calls)
	}()
	err := <-done
	return r, err
}

func (r *row) measure(root string, rules, calls int) error {
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	b := bench{root: root, mode: r.mode}
	if err := b.restore("*filter", ":A - [0:0]", strings.Repeat("-A A -s 192.0.2.1 -j ACCEPT\n", rules)+"COMMIT"); err != nil {
		return err
	}
	var guess, direct, floor, first []time.Duration
	for range calls {
		if err := errors.Join(b.time(&guess, "/usr/sbin/iptables", false), b.reinstall()); err != nil {
			return err
		}
	}
	if err := b.restore("*mangle", ":KUBE-IPTABLES-HINT - [0:0]", "COMMIT"); err != nil {
		return err
	}
	for range calls {
		err := errors.Join(
			b.time(&direct, "/usr/sbin/xtables-"+r.mode+"-multi", false),
			b.time(&floor, "/usr/sbin/iptables", true),
			b.time(&first, "/usr/sbin/iptables", false),
			b.reinstall())
		if err != nil {
			return err
		}
	}
	r.guess, r.direct, r.floor, r.first = median(guess), median(direct), median(floor), median(first)
	return nil
}

type bench struct {
	root, mode string
}

// command is a call in the container. With told the wrapper is told the mode, and does not ask.
func (b bench) command(path string, told bool, args ...string) *exec.Cmd {
	cmd := &exec.Cmd{Path: path, Args: append([]string{"iptables"}, args...), Dir: "/", Env: []string{"PATH=/usr/sbin"}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: b.root}
	if told {
		cmd.Env = append(cmd.Env, "IPTABLES_WRAPPER_MODE="+b.mode)
	}
	return cmd
}

func (b bench) restore(lines ...string) error {
	cmd := b.command("/usr/sbin/iptables-"+b.mode+"-restore", false, "--noflush")
	cmd.Args[0] = "iptables-restore"
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("iptables-%s-restore: %w: %s", b.mode, err, out)
	}
	return nil
}

// time times one call of "iptables -V", which does nothing else.
func (b bench) time(times *[]time.Duration, path string, told bool) error {
	cmd := b.command(path, told, "-V")
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	*times = append(*times, time.Since(start))
	return nil
}

// reinstall undoes the pin, so that the next call is a first one again.
func (b bench) reinstall() error {
	cmd := b.command("/usr/sbin/iptables-wrapper", false, "install")
	cmd.Args[0] = "iptables-wrapper"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("install: %w: %s", err, out)
	}
	return nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
