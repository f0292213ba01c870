package probe_test

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
)

// A program that brings both modes' binaries, a CNI plugin for instance, asks which of them to use on this host.
func Example() {
	in := mode.Inputs{NFTInstalled: true, LegacyInstalled: true, Evidence: probe.UntilSettled()}
	decision := mode.Decide(&in)
	fmt.Printf("run xtables-%s-multi: %s", decision.Mode, decision.Reason)
	if !decision.Pin {
		fmt.Print("; ask again next time")
	}
}
