// Command bench measures what a first call through the wrapper costs over calling the mode's binary directly: by mode,
// and by the number of rules on the host. It prints medians and ratios; with --svg it also draws them. All kinds of call are
// timed in turn in one run, so that whatever else the machine does meanwhile falls on all of them alike.
//
//	bazel run //tests/bench -- [--calls 200] [--rules 0,1000,10000,50000] [--svg FILE]
//
// Bazel adds a --layer FILE for each layer of the trixie image, which has the wrapper installed. Needs root.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/node"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	calls := flag.Int("calls", 200, "calls of each kind")
	counts := flag.String("rules", "0,1000,10000,50000", "numbers of rules")
	svg := flag.String("svg", "", "absolute path of a file to draw a chart in")
	var layers []string
	flag.Func("layer", "layer of an image with the wrapper installed; repeated, lowest first", func(file string) error {
		layers = append(layers, file)
		return nil
	})
	flag.Parse()
	if len(layers) == 0 || *calls < 1 || flag.NArg() > 0 {
		return errors.New("usage: bench --layer FILE... [--calls N] [--rules N,N,...] [--svg FILE]")
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "image")
	if err := errors.Join(os.Mkdir(image, 0o755), node.Unpack(image, layers...)); err != nil {
		return err
	}
	var rows []row
	for _, mode := range []string{"nft", "legacy"} {
		for _, text := range strings.Split(*counts, ",") {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return fmt.Errorf("--rules %s: not numbers separated by commas", *counts)
			}
			r := row{mode: mode, rules: n}
			scratch := filepath.Join(dir, mode+text)
			if err := os.Mkdir(scratch, 0o755); err != nil {
				return err
			}
			err = node.Run(image, scratch, func(host *node.Node) error { return r.measure(host, *calls) })
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

// measure fills the host with rules and times the calls.
func (r *row) measure(host *node.Node, calls int) error {
	b := bench{host, r.mode}
	rules := "*filter\n:A - [0:0]\n" + strings.Repeat("-A A -s 192.0.2.1 -j ACCEPT\n", r.rules) + "COMMIT\n"
	if err := b.restore(rules); err != nil {
		return err
	}
	var guess, direct, floor, first []time.Duration
	for range calls {
		if err := errors.Join(b.time(&guess, "/usr/sbin/iptables", false), b.reinstall()); err != nil {
			return err
		}
	}
	if err := b.restore("*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n"); err != nil {
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
	host *node.Node
	mode string
}

func (b bench) restore(rules string) error {
	_, err := b.host.Output(rules, "/usr/sbin/iptables-"+b.mode+"-restore", "--noflush")
	return err
}

// time times one call of "iptables -V", which does nothing else. With told the wrapper is told the mode, and does not ask.
func (b bench) time(times *[]time.Duration, path string, told bool) error {
	cmd := b.host.Command("iptables", "-V")
	cmd.Path = path
	if told {
		cmd.Env = append(cmd.Env, "IPTABLES_WRAPPER_MODE="+b.mode)
	}
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	*times = append(*times, time.Since(start))
	return nil
}

// reinstall undoes the pin, so that the next call is a first one again.
func (b bench) reinstall() error {
	_, err := b.host.Output("", "/usr/sbin/iptables-wrapper", "install")
	return err
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
