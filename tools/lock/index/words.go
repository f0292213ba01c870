package index

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// checkWords checks the characters of what an entry says, and that the package is for the asked architecture or for all of them. An index
// that a mirror serves in the place of another architecture's is signed as well.
func checkWords(p *closure.Package, architecture, all string) error {
	if p.Architecture != architecture && p.Architecture != all {
		return fmt.Errorf("architecture %q: want %q or %q", p.Architecture, architecture, all)
	}
	return lockfile.CheckWords(p.Name, p.Version, p.Architecture)
}
