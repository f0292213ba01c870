package main

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

var errProblem = errors.New("detect --check: a problem was reported")

// detectMode runs the command detect.
func detectMode(args []string) error {
	output, limit := "text", "0s"
	var check bool
	err := parse(args, map[string]any{"--output": &output, "--wait": &limit, "--check": &check})
	if err != nil {
		return err
	}
	render := map[string]func(*report) string{
		"text": (*report).text,
		"json": (*report).json,
		"mode": func(r *report) string { return r.Mode.String() + "\n" },
	}[output]
	if render == nil {
		return usageError("detect: --output " + output + ": not text, json or mode")
	}
	wait, err := time.ParseDuration(limit)
	if err != nil || wait < 0 {
		return usageError("detect: --wait " + limit + ": not a duration such as 30s or 2m")
	}
	s, err := newState()
	if err != nil {
		return err
	}
	err = s.use(xtables.FindInstalled(rootfs.Host(), selfPath()))
	if err != nil && !errors.Is(err, xtables.ErrNone) { // without iptables, only the evidence decides
		return failure("detect: ", err.Error())
	}
	found := s.look(wait)
	r := newReport(s)
	if err := write(unix.Stdout, render(r)); err != nil {
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

// check returns the reason that detect --check fails.
func (r *report) check() error {
	switch {
	case len(r.problems) > 0:
		return errProblem
	case !r.Evidence.NFT.Rules.Bounded || !r.Evidence.Legacy.Rules.Bounded:
		return failure("detect: --check: not everything could be read (the notes say why): ",
			"run it in the host's network namespace with CAP_NET_ADMIN")
	}
	return nil
}

// look fills in the evidence. If a kubelet chain can change the decision, look waits for one. (detect.Kubelet does this for other
// programs. It uses package context, which would make the binary 120 kB larger.)
func (s *state) look(wait time.Duration) (found bool) {
	_, decided := mode.WithoutEvidence(&s.Inputs)
	for deadline := time.Now().Add(wait); ; time.Sleep(mode.HintInterval) {
		s.Evidence = probe.All()
		if decided || wait == 0 || s.Evidence.Decide().Reason == mode.ReasonKubeletChain {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// report is the output of detect, and of a call with debugging.
type report struct {
	*state
	mode.Decision
	links    links.Status
	blocked  error // the reason that a call does not pin
	problems []problem
}

// problem is a reason for detect --check to fail.
type problem struct {
	id   string // stable: scripts compare it
	text string // the problem, and the next step
}

// newReport inspects the symlinks, and compares them and the environment with the evidence. Only a kubelet chain contradicts them,
// because rule counts may come from a guess.
func newReport(s *state) *report {
	d := mode.Decide(&s.Inputs)
	r := &report{state: s, Decision: d, links: links.Look(s.inst)}
	switch {
	case !d.Pin && d.Reason == mode.ReasonKubeletChain:
		r.blocked = errors.New("not everything could be read")
	case !d.Pin:
		r.blocked = errors.New("only the reason kubelet-chain pins")
	case r.links == links.Status{}:
		r.blocked = errors.New("no wrapper is installed")
	case r.links.PinnedTo(d.Mode.Other()):
		r.blocked = failure("the symlinks are pinned to ", d.Mode.Other().String())
	default:
		r.blocked = links.CanPin(s.inst, d.Mode)
	}
	r.add(s.Evidence.Conflict(), "split-node", "both modes contain rules (nft ", count(s.Evidence.NFT.Rules),
		", legacy ", count(s.Evidence.Legacy.Rules), "): find out which mode is in use, and remove the rules of the other")
	if used := s.Evidence.Decide(); used.Reason == mode.ReasonKubeletChain {
		other, kubelet := used.Mode.Other(), ", but kubelet uses "+used.Mode.String()+": "
		r.add(r.links.PinnedTo(other), "pinned-to-other-mode",
			"the symlinks are pinned to ", other.String(), kubelet, "run iptables-wrapper set auto")
		r.add(s.Override == other, "override-contradicts", overrideVariable, " is ", other.String(), kubelet, "unset the variable")
		r.add(d.Reason == mode.ReasonOnlyInstalled && d.Mode == other, "mode-not-installed",
			"only ", other.String(), " is installed", kubelet, "install that mode in this image")
	}
	if m := s.Override; m != 0 {
		r.add(r.links.PinnedTo(m.Other()), "override-without-effect", overrideVariable, " is ", m.String(),
			", but the symlinks are pinned to ", m.Other().String(), ": unset the variable, or run iptables-wrapper set ", m.String())
	}
	hiding := r.links.Hidden(s.inst, strings.Split(cmp.Or(variable(s.env, "PATH"), applet.Path), ":"))
	r.add(hiding != "", "hidden-by-path", strconv.Quote(hiding), " comes first in PATH and does not lead to ", s.inst.Wrapper,
		": remove it, or change PATH")
	return r
}

// add adds a problem if found is true.
func (r *report) add(found bool, id string, text ...string) {
	if found {
		r.problems = append(r.problems, problem{id, strings.Join(text, "")})
	}
}
