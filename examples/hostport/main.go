// Command hostport forwards a TCP port of the host to a container. It is an example for CNI plugins, agents and service
// load balancers that contain the binaries of both iptables modes, but no wrapper. It detects the host's mode with
// package detect, and edits rules with that mode's own iptables, through coreos/go-iptables.
//
// Usage: hostport [--wait DURATION] PORT ADDRESS:PORT
//
// It must run in the host's network namespace, with CAP_NET_ADMIN and, for legacy, CAP_NET_RAW.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/coreos/go-iptables/iptables"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/detect"
)

// The chain with this program's rules. The program does not change other rules in table nat.
const table, chain = "nat", "EXAMPLE-HOSTPORTS"

func main() {
	wait := flag.Duration("wait", 0, "how long to wait for kubelet on a node that is starting")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: hostport [--wait DURATION] PORT ADDRESS:PORT")
		os.Exit(2)
	}
	if err := run(*wait, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "hostport:", err)
		os.Exit(1)
	}
}

func run(wait time.Duration, port, to string) error {
	host, err := ask(wait)
	if err != nil {
		return err
	}
	fmt.Printf("host is in mode %s: %s\n", host.Mode, host.Reason)
	if host.Evidence.Conflict() {
		fmt.Println("warning: both modes contain rules on this host, and rules of one are invisible to the other")
	}
	if !host.Pin {
		fmt.Println("not final: ask again before the next change")
	}
	// Do not use the plain name: in an image it may lead to either mode.
	ipt, err := iptables.New(iptables.Path("/usr/sbin/iptables-"+host.Mode.String()), iptables.Timeout(5))
	if err != nil {
		return err
	}
	return forward(ipt, port, to)
}

// ask returns kubelet's mode or, if no kubelet chain appears in time, the best guess without one.
func ask(wait time.Duration) (detect.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	host, err := detect.Kubelet(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return detect.Host(context.Background())
	}
	return host, err
}

// forward can be called repeatedly: it does not add an existing chain or rule again.
func forward(ipt *iptables.IPTables, port, to string) error {
	exists, err := ipt.ChainExists(table, chain)
	if err != nil {
		return err
	}
	if !exists {
		if err := ipt.NewChain(table, chain); err != nil {
			return err
		}
	}
	if err := ipt.AppendUnique(table, chain, "-p", "tcp", "--dport", port, "-j", "DNAT", "--to-destination", to); err != nil {
		return err
	}
	return ipt.AppendUnique(table, "PREROUTING", "-m", "addrtype", "--dst-type", "LOCAL", "-j", chain)
}
