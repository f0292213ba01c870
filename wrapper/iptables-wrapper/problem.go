package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

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
		r.blocked = errors.New("the symlinks are pinned to " + d.Mode.Other().String())
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

// add adds a problem, if it was found.
func (r *report) add(found bool, id string, text ...string) {
	if found {
		r.problems = append(r.problems, problem{id, strings.Join(text, "")})
	}
}
