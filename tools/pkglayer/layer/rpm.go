package layer

import (
	"bytes"
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// addRpmManifest writes the two lists that scanners read in images that have no rpm database.
//
// No database is written. It is SQLite of whole headers and a table for each of rpm's indexes; SQLite in Go is more source than
// all of this repository, in everybody's build, and rpm itself writes what its version likes. Readers would be rpm, which no
// image of ours has, and scanners, which are told the same by the manifest (tools/scan holds syft to it).
func (t *Tree) addRpmManifest(packages []*archive.Package) error {
	var names, details bytes.Buffer
	for _, pkg := range packages {
		fmt.Fprintf(&names, "%s-%s.%s\n", pkg.Name, pkg.Version, pkg.Architecture)
		fmt.Fprintf(&details, "%s\n", pkg.Control[archive.ManifestLine])
	}
	if err := t.addText("var/lib/rpmmanifest/container-manifest-1", names.Bytes()); err != nil {
		return err
	}
	return t.addText("var/lib/rpmmanifest/container-manifest-2", details.Bytes())
}
