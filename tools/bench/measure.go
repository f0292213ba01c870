package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

// kind is a kind of call of "iptables -V".
type kind int

const (
	direct   kind = iota // the mode's own binary
	assembly             // a few instructions that execute the binary
	goFloor              // a static Go program that executes the binary
	override             // the wrapper with IPTABLES_WRAPPER_MODE, which neither probes nor pins
	unpinned             // the wrapper, deciding by rule counts, which does not pin
	pinning              // the wrapper, deciding by kubelet's chain, which pins
	readOnly             // the same in a read-only root file system, where the wrapper cannot pin
	kinds
)

func (k kind) String() string {
	return [...]string{"direct", "assembly", "go", "override", "unpinned", "pinning", "read-only"}[k]
}

// row is one line of the table: the median time of each kind of call, in one mode on a host with this number of rules.
type row struct {
	mode   string
	rules  int
	median [kinds]time.Duration
}

// adds returns how much longer a kind of call takes than a direct one.
func (r *row) adds(k kind) time.Duration { return r.median[k] - r.median[direct] }

// ratio returns how much longer a kind of call takes, as a multiple of the same for the Go floor.
func (r *row) ratio(k kind) float64 { return r.adds(k).Seconds() / r.adds(goFloor).Seconds() }

// measure adds rules to the host and times the calls.
func (r *row) measure(host *node.Node, calls int) error {
	b := bench{host: host, mode: r.mode}
	rules := []string{"*filter"}
	chains := max(r.rules/5, 1)
	for c := range chains {
		rules = append(rules, fmt.Sprintf(":A%d - [0:0]", c))
	}
	for n := range r.rules {
		rules = append(rules, fmt.Sprintf("-A A%d -s 192.0.2.1 -j ACCEPT", n%chains))
	}
	if r.rules > 0 {
		if _, err := host.Output(strings.Join(append(rules, "COMMIT\n"), "\n"), "/usr/sbin/iptables-"+r.mode+"-restore"); err != nil {
			return err
		}
	}
	for range calls {
		if err := b.round(); err != nil {
			return err
		}
	}
	for k := range kinds {
		slices.Sort(b.times[k])
		r.median[k] = b.times[k][len(b.times[k])/2]
	}
	return nil
}

type bench struct {
	host  *node.Node
	mode  string
	times [kinds][]time.Duration
}

// round times one call of each kind.
func (b *bench) round() error {
	hint := func(option string) error {
		_, err := b.host.Output("", "/usr/sbin/iptables-"+b.mode, "-t", "mangle", option, "KUBE-IPTABLES-HINT")
		return err
	}
	// This call is not timed, because the first call after the installation below is slower.
	_, warm := b.host.Output("", "/usr/sbin/iptables", "-V")
	if err := errors.Join(warm, b.time(unpinned), hint("-N")); err != nil {
		return err
	}
	for _, k := range []kind{direct, assembly, goFloor, override} {
		if err := b.time(k); err != nil {
			return err
		}
	}
	err := errors.Join(b.host.ReadOnly(true), b.time(readOnly), b.host.ReadOnly(false), b.time(pinning), hint("-X"))
	if err != nil {
		return err
	}
	_, err = b.host.Output("", "/usr/sbin/iptables-wrapper", "install") // so that the next call is a first one again
	return err
}

// time times one call.
func (b *bench) time(k kind) error {
	binary := "/usr/sbin/xtables-" + b.mode + "-multi"
	cmd := b.host.Command("iptables", "-V")
	cmd.Path = "/usr/sbin/iptables"
	switch k {
	case direct:
		cmd.Path = binary
	case assembly:
		cmd = b.host.Command("/asmfloor", binary, "iptables", "-V")
	case goFloor:
		cmd.Path = "/floor"
		cmd.Env = append(cmd.Env, "FLOOR="+binary)
	case override:
		cmd.Env = append(cmd.Env, "IPTABLES_WRAPPER_MODE="+b.mode)
	}
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", k, err)
	}
	b.times[k] = append(b.times[k], time.Since(start))
	return nil
}
