package layer

import (
	"bytes"
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// addRpmManifest writes the two lists that scanners read in images without an rpm database.
//
// It does not write a database. That would be SQLite with whole headers and a table for each of rpm's indexes. SQLite
// in Go has more source than this repository, and all builds would compile it. Its only readers would be rpm, which no
// image contains, and scanners, which get the same data from the manifest (tools/scan checks this with syft).
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
