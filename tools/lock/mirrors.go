package main

import (
	"fmt"
	"strings"
)

// mirrorsVariable names mirrors for the lock and for the build, which reads it in mirrors.bzl.
const mirrorsVariable = "IPTABLES_WRAPPERS_MIRRORS"

// mirrors contains the address of each archive by its name. "" is the distribution's first archive.
type mirrors map[string]string

func (m mirrors) String() string { return "" }

func (m mirrors) Set(value string) error {
	name, address, named := strings.Cut(value, "=")
	if !named || strings.Contains(name, "/") { // an address may have a query
		name, address = "", value
	}
	m[name] = strings.TrimSuffix(address, "/")
	return nil
}

// settings parses the environment variable: NAME=ADDRESS for each archive, separated by spaces. The name of a distribution
// means its first archive.
func settings(value, distro string) (mirrors, error) {
	m := mirrors{}
	for _, entry := range strings.Fields(value) {
		name, address, named := strings.Cut(entry, "=")
		if !named || address == "" || strings.Contains(name, "/") {
			return nil, fmt.Errorf("%s: %q: want NAME=ADDRESS", mirrorsVariable, entry)
		}
		if name == distro {
			name = ""
		}
		m[name] = strings.TrimSuffix(address, "/")
	}
	return m, nil
}
