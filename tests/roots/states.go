package roots

import (
	"embed"
	"path"
	"strings"
)

// The state files of alternatives databases, written by the real programs: update-alternatives of dpkg 1.20 to 1.23,
// and chkconfig's alternatives 1.20 to 1.33 (fedora43: built with MERGED_SBIN=1). Each program ran in an empty root
// with the arguments of the packages' scripts. For -wrapper, it then also installed the wrapper (azure3: and selected
// it manually).
//
// All Go tests read these files. tests/layouts/states.bzl contains them a second time, so that the result of a whole
// build is compared with text that no Go code has read. No other file contains a complete copy.
//
//go:embed states
var states embed.FS

// State returns the state file with the given name. Its extension is the format: dpkg or chkconfig.
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

// ip6tables returns the state of the group ip6tables, made from that of iptables, for distributions with two groups.
func ip6tables(state string) string {
	return strings.ReplaceAll(strings.ReplaceAll(state, "iptables", "ip6tables"), "/ip6tables-wrapper", "/iptables-wrapper")
}
