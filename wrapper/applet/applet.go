// Package applet knows the six command names that stand for both iptables modes and where commands are, and nothing else. A link with such a
// name is what the wrapper is called by, and what it repoints.
package applet

import "github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"

// Applet is one of the six names.
type Applet uint8

// The applets.
const (
	IPTables Applet = iota
	IPTablesSave
	IPTablesRestore
	IP6Tables
	IP6TablesSave
	IP6TablesRestore
	Count = iota
)

// All returns the six applets in the order of the constants.
func All() [Count]Applet {
	return [...]Applet{IPTables, IPTablesSave, IPTablesRestore, IP6Tables, IP6TablesSave, IP6TablesRestore}
}

// Parse returns the applet with exactly the given name, which has no directory part.
func Parse(name string) (Applet, bool) {
	for _, a := range All() {
		if a.String() == name {
			return a, true
		}
	}
	return 0, false
}

// Dirs returns the directories in which commands are searched, after the wrapper's own. /sbin and /usr/bin are other names of
// /usr/sbin where a distribution has merged them, and the real place on Alpine before 3.21, and on Wolfi, Arch and
// Fedora from 43.
func Dirs() [3]string { return [...]string{"/usr/sbin", "/sbin", "/usr/bin"} }

// Base returns the part of argv0 after the last slash, as the multi-call binaries themselves look at it.
func Base(argv0 string) string {
	for i := len(argv0) - 1; i >= 0; i-- {
		if argv0[i] == '/' {
			return argv0[i+1:]
		}
	}
	return argv0
}

// String returns the plain name, such as "ip6tables-restore".
func (a Applet) String() string {
	family, verb := a.parts()
	return family + verb
}

// In returns the name by which mode m alone is called, such as "ip6tables-nft-restore".
func (a Applet) In(m mode.Mode) string {
	family, verb := a.parts()
	return family + "-" + m.String() + verb
}

func (a Applet) parts() (family, verb string) {
	family = "iptables"
	if a >= IP6Tables {
		family = "ip6tables"
	}
	switch a {
	case IPTablesSave, IP6TablesSave:
		verb = "-save"
	case IPTablesRestore, IP6TablesRestore:
		verb = "-restore"
	}
	return family, verb
}
