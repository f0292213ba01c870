// Package call is what an agent tells of its calls of iptables.
package call

import "time"

// Call is one call of an applet in a container: a line of JSON in the agent's file.
type Call struct {
	Applet string
	Start  time.Time
	// Says is the mode that the call names itself, if it was asked for its version.
	Says string `json:",omitempty"`
	// Wrote is the rule that the call added, as iptables-save prints it.
	Wrote string `json:",omitempty"`
	// Missed is a rule that this agent had added just before and that iptables-save did not list.
	Missed string `json:",omitempty"`
	// Problem is a failure, or what the call said though nobody had asked.
	Problem string `json:",omitempty"`
	// LeadsTo is the program that the name iptables leads to after the call.
	LeadsTo string
}
