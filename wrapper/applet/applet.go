// Package applet names the six commands that exist in both iptables modes, and the directories of commands.
package applet

import "github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"

// Applet is one of the six commands.
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

// Dirs returns the directories in which the mode binaries are searched after the wrapper's own. Those of distributions come first,
// then those of builds from source and of images that have only /bin.
func Dirs() []string {
	return []string{"/usr/sbin", "/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/bin"}
}

// Path contains the same directories in the order of the usual PATH, in which a shell finds a command.
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// String returns the plain name, such as "ip6tables-restore".
func (a Applet) String() string { return parts[a].family + parts[a].verb }

// In returns the name by which mode m alone is called, such as "ip6tables-nft-restore".
func (a Applet) In(m mode.Mode) string { return parts[a].family + "-" + m.String() + parts[a].verb }

// parts are the two halves of each name. The name in one mode contains that mode between them.
var parts = [Count]struct{ family, verb string }{
	{"iptables", ""}, {"iptables", "-save"}, {"iptables", "-restore"},
	{"ip6tables", ""}, {"ip6tables", "-save"}, {"ip6tables", "-restore"},
}
