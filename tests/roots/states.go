package roots

import (
	"embed"
	"path"
	"strings"
)

// The state files of alternatives databases, as the databases' own programs wrote them: update-alternatives of dpkg 1.20 to
// 1.23, and chkconfig's alternatives of 1.20 to 1.33 (fedora43: built with MERGED_SBIN=1), each in a root of its own, told what
// the packages' scripts tell it; -wrapper: and then to install the wrapper (azure3: and to select it by hand).
//
// All Go tests read these. tests/layouts/states.bzl spells them once more, by hand: what a whole build comes to is held to
// something that no Go code has read. Nothing else spells a whole one.
//
//go:embed states
var states embed.FS

// State returns the state file with the given name, of which the extension is the format: dpkg or chkconfig.
func State(name string) string {
	data, err := states.ReadFile(path.Join("states", name))
	if err != nil {
		panic(err)
	}
	return string(data)
}

// States returns the names of all state files.
func States() []string {
	entries, err := states.ReadDir("states")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// ip6tables is the state of the group ip6tables of those who have two, made of that of iptables.
func ip6tables(state string) string {
	return strings.ReplaceAll(strings.ReplaceAll(state, "iptables", "ip6tables"), "/ip6tables-wrapper", "/iptables-wrapper")
}
