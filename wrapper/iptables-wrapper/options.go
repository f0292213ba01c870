package main

import (
	"errors"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// What a user can say to a call: its arguments belong to iptables.
const (
	overrideVariable = "IPTABLES_WRAPPER_MODE"
	debugVariable    = "IPTABLES_WRAPPER_DEBUG"
)

// overriding returns the mode that the environment says, zero for none. An empty value is none: that is how a variable is
// unset in a container's specification.
func overriding(env []string) (mode.Mode, error) {
	value := variable(env, overrideVariable)
	if value == "" {
		return 0, nil
	}
	m, ok := mode.Parse(value)
	if !ok {
		return 0, errors.New(overrideVariable + "=" + value + ": not nft or legacy: correct or unset it")
	}
	return m, nil
}

// variable returns the value of a variable. Of one that is there twice the first counts, as for getenv(3).
func variable(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name); ok && value != "" && value[0] == '=' {
			return value[1:]
		}
	}
	return ""
}
