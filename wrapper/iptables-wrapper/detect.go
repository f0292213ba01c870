package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
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
		return err
	}
	root := rootfs.Host()
	inst, wrapper, err := find(root)
	if err != nil && !errors.Is(err, xtables.ErrNone) { // without iptables the evidence alone decides
		return failure("detect: ", err.Error())
	}
	in := inputs(override, inst)
	found := look(&in, wait)
	r := newReport(&in, inherit.Environ(), root, inst, wrapper)
	out := r.Mode.String() + "\n"
	switch output {
	case "text":
		out = r.text(stdout.terminal())
	case "json":
		out = r.json()
	}
	if _, err := stdout.Write([]byte(out)); err != nil {
		return failure("detect: standard output: ", err.Error())
	}
	switch {
	case !found:
		return failure("detect: no kubelet chain after ", limit,
			": is kubelet running, with iptables in its PATH? On a host without kubelet, do not use --wait")
	case check:
		return r.check()
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

// report is what detect prints, and a call for debugging.
type report struct {
	mode.Decision
	in       *mode.Inputs
	links    links.Status
	blocked  error // why a call cannot pin a final decision
	problems []problem
}

// problem is one reason for detect --check to fail.
type problem struct {
	id   string // stable: scripts compare it
	text string // what is wrong, and the next step
}

// newReport inspects the symlinks, and compares what they and the environment say with the evidence. Only a kubelet chain
// contradicts them: rule counts may come from a guess.
func newReport(in *mode.Inputs, env []string, root *rootfs.Root, inst xtables.Installation, wrapper string) *report {
	d := mode.Decide(in)
	r := &report{Decision: d, in: in, links: links.Look(root, wrapper, inst)}
	switch {
	case !d.Pin:
	case r.links == links.Status{}:
		r.blocked = errors.New("no wrapper is installed")
	case r.links.PinnedTo(d.Mode.Other()):
		r.blocked = failure("the symlinks are pinned to ", d.Mode.Other().String())
	default:
		r.blocked = links.CanPin(root, wrapper, inst, d.Mode)
	}
	nft, legacy := &in.Evidence.NFT, &in.Evidence.Legacy
	r.add(in.Evidence.Conflict(), "split-node", "both modes contain rules (nft ", count(nft.Rules), ", legacy ", count(legacy.Rules),
		"): find out which mode is in use, and remove the rules of the other")
	evidence := mode.Decide(&mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: in.Evidence})
	if evidence.Reason == mode.ReasonKubeletChain {
		other, kubelet := evidence.Mode.Other(), ", but kubelet uses "+evidence.Mode.String()+": "
		r.add(r.links.PinnedTo(other), "pinned-to-other-mode",
			"the symlinks are pinned to ", other.String(), kubelet, "run iptables-wrapper set auto")
		r.add(in.Override == other, "override-contradicts", overrideVariable, " is ", other.String(), kubelet, "unset the variable")
		r.add(d.Reason == mode.ReasonOnlyInstalled && d.Mode == other, "mode-not-installed",
			"only ", other.String(), " is installed", kubelet, "install that mode in this image")
	}
	if m := in.Override; m != 0 {
		r.add(r.links.PinnedTo(m.Other()), "override-without-effect", overrideVariable, " is ", m.String(),
			", but the symlinks are pinned to ", m.Other().String(), ": unset the variable, or run iptables-wrapper set ", m.String())
	}
	dirs := applet.Path()
	if path := variable(env, "PATH"); path != "" {
		dirs = strings.Split(path, ":")
	}
	hiding := r.links.Hidden(root, wrapper, inst, dirs)
	r.add(hiding != "", "hidden-by-path", strconv.Quote(hiding), " comes first in PATH and does not lead to ", wrapper,
		": remove it, or change PATH")
	return r
}

// add adds a problem, if it was found. It is not inlined: six copies of it are 2 kB.
//
//go:noinline
func (r *report) add(found bool, id string, text ...string) {
	if found {
		r.problems = append(r.problems, problem{id, strings.Join(text, "")})
	}
}

// check returns why detect --check fails.
func (r *report) check() error {
	switch {
	case len(r.problems) > 0:
		return errProblem
	case !r.in.Evidence.NFT.Rules.Bounded || !r.in.Evidence.Legacy.Rules.Bounded:
		return failure("detect: --check: not everything could be read (the notes say why): ",
			"run it in the host's network namespace with CAP_NET_ADMIN")
	}
	return nil
}
