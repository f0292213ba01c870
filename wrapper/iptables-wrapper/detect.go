package main

import (
	"errors"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

var errProblem = errors.New("detect --check: a problem was reported")

// detectMode is the command detect.
func detectMode(args []string) error {
	output, limit := "text", "0s"
	var check bool
	err := parse(args, map[string]*string{"--output": &output, "--wait": &limit}, map[string]*bool{"--check": &check})
	if err != nil {
		return usageError("detect: " + err.Error())
	}
	if output != "text" && output != "json" && output != "mode" {
		return usageError("detect: --output " + output + ": not text, json or mode")
	}
	wait, err := time.ParseDuration(limit)
	if err != nil || wait < 0 {
		return usageError("detect: --wait " + limit + ": not a duration such as 30s or 2m")
	}
	override, err := overriding(inherit.Environ())
	if err != nil {
		return usageError(err.Error())
	}
	root := rootfs.Host()
	inst, wrapper, err := find(root)
	if err != nil && !errors.Is(err, xtables.ErrNone) { // without iptables the evidence alone decides
		return errors.New("detect: " + err.Error())
	}
	in := inputs(override, inst)
	found := look(&in, wait)
	r := newReport(&in, inherit.Environ(), root, inst, wrapper)
	var out string
	switch output {
	case "text":
		out = r.text(stdout.terminal())
	case "json":
		out = r.json()
	case "mode":
		out = r.Mode.String() + "\n"
	}
	if _, err := stdout.Write([]byte(out)); err != nil {
		return errors.New("detect: standard output: " + err.Error())
	}
	switch {
	case !found:
		return errors.New("detect: no kubelet chain after " + limit +
			": is kubelet running, with iptables in its PATH? On a host without kubelet, do not use --wait")
	case check:
		return r.check()
	}
	return nil
}

// check returns why detect --check fails.
func (r *report) check() error {
	switch {
	case len(r.problems) > 0:
		return errProblem
	case !r.in.Evidence.NFT.Rules.Bounded || !r.in.Evidence.Legacy.Rules.Bounded:
		return errors.New("detect: --check: not everything could be read (the notes say why): " +
			"run it in the host's network namespace with CAP_NET_ADMIN")
	}
	return nil
}

// look fills in the evidence. If a kubelet chain can change the decision, it waits for one. (detect.Kubelet does the same for
// other programs, by package context, which makes the binary 120 kB larger.)
func look(in *mode.Inputs, wait time.Duration) (found bool) {
	_, decided := mode.WithoutEvidence(in)
	deadline := time.Now().Add(wait)
	for {
		in.Evidence = probe.All()
		if decided || wait == 0 || mode.Decide(in).Reason == mode.ReasonKubeletChain {
			return true
		}
		if !time.Now().Before(deadline) {
			return false
		}
		time.Sleep(min(mode.HintInterval, time.Until(deadline)))
	}
}
