package index

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// checkWords checks the characters of an entry's fields, and that the package is for this architecture or for all. A mirror can
// offer the index of another architecture, which is signed, too.
func checkWords(p *closure.Package, architecture, all string) error {
	if p.Architecture != architecture && p.Architecture != all {
		return fmt.Errorf("architecture %q: want %q or %q", p.Architecture, architecture, all)
	}
	return lockfile.CheckWords(p.Name, p.Version, p.Architecture)
}
