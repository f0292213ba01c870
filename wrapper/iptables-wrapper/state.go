package main

import (
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// state is what a decision, a pin and a report depend on.
type state struct {
	mode.Inputs
	env     []string
	root    *rootfs.Root
	inst    xtables.Installation
	wrapper string // its path, without symlinks
}

// newState returns the state of this process before it looked for an installation.
func newState() *state { return &state{env: inherit.Environ(), root: rootfs.Host()} }

// override reads the mode that the environment says. An empty value is none: that is how a variable is unset in a container's
// specification.
func (s *state) override() error {
	value := variable(s.env, overrideVariable)
	m, ok := mode.Parse(value)
	if value != "" && !ok {
		return usageError(overrideVariable + "=" + value + ": not nft or legacy: correct or unset it")
	}
	s.Override = m
	return nil
}

// find finds the installation that a call of the wrapper self uses.
func (s *state) find(self string) (err error) {
	s.inst, err = xtables.Find(s.root, self)
	s.NFTInstalled, s.LegacyInstalled = s.inst.Has(mode.NFT), s.inst.Has(mode.Legacy)
	return err
}

// findInstalled finds the same, and the installed wrapper, which can be another copy of the program than self.
func (s *state) findInstalled(self string) error {
	err := s.find(self)
	if err == nil {
		s.wrapper, err = s.inst.Wrapper(s.root)
	}
	return err
}

// choose makes the decision of a call. pinnable reports whether a pin to legacy could be written.
func (s *state) choose(pinnable func() bool) mode.Decision {
	if d, decided := mode.WithoutEvidence(&s.Inputs); decided {
		return d
	}
	s.Evidence = probe.Call(pinnable)
	return s.Evidence.Decide()
}

// variable returns the value of a variable. If it is contained twice, the first counts, as for getenv(3).
func variable(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
