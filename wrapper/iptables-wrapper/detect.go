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

var errConflict = errors.New("detect: both modes contain rules")

// detectMode is the command detect.
func detectMode(args []string) error {
	output, limit := "text", "0s"
	var check bool
	err := parse(args, map[string]*string{"--output": &output, "--wait": &limit}, map[string]*bool{"--check": &check})
	if err != nil {
		return usageError("detect: " + err.Error())
	}
	if output != "text" && output != "json" {
		return usageError("detect: --output " + output + ": not text or json")
	}
	wait, err := time.ParseDuration(limit)
	if err != nil || wait < 0 {
		return usageError("detect: --wait " + limit + ": not a duration such as 30s or 2m")
	}
	override, err := overriding(inherit.Environ())
	if err != nil {
		return usageError(err.Error())
	}
	inst, err := xtables.Find(rootfs.Host(), selfPath())
	if err != nil && !errors.Is(err, xtables.ErrNone) { // without iptables the evidence alone decides
		return err
	}
	in := mode.Inputs{Override: override, NFTInstalled: inst.Has(mode.NFT), LegacyInstalled: inst.Has(mode.Legacy)}
	found := look(&in, wait)
	d := mode.Decide(&in)
	report := text(&in, d, stdout.terminal())
	if output == "json" {
		report = json(&in, d)
	}
	if _, err := stdout.Write([]byte(report)); err != nil {
		return errors.New("detect: standard output: " + err.Error())
	}
	switch {
	case !found:
		return errors.New("detect: no chain of kubelet's after " + limit +
			": is kubelet running, and with iptables in its PATH? (without kubelet, do not wait)")
	case check && in.Evidence.Conflict():
		return errConflict
	case check && !(in.Evidence.NFT.Rules.Bounded && in.Evidence.Legacy.Rules.Bounded):
		return errors.New("detect: --check: not everything could be looked at (the notes say why): " +
			"run it in the host's network namespace with CAP_NET_ADMIN")
	}
	return nil
}

// look fills in the evidence. It waits for kubelet's chain if there is something to wait for: a decision that needs no evidence will
// not change. (detect.Kubelet does the same for other programs, by package context, which makes the binary 120 kB larger.)
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
