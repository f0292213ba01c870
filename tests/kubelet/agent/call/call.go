// Package call defines how an agent reports its calls of iptables.
package call

import "time"

// Call is one call of an applet in a container: a line of JSON in the agent's file.
type Call struct {
	Applet string
	Start  time.Time
	// Mode is the mode in the output of the call, if it was called with -V.
	Mode string `json:",omitempty"`
	// Wrote is the rule that the call added, as iptables-save prints it.
	Wrote string `json:",omitempty"`
	// Missed is a rule that this agent had just added but iptables-save did not list.
	Missed string `json:",omitempty"`
	// Problem is a failure or unexpected output of the call.
	Problem string `json:",omitempty"`
	// LeadsTo is the file to which the name iptables leads after the call.
	LeadsTo string
}
