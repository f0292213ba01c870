package layer

import (
	"bytes"
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// addRpmManifest writes the two lists that scanners (Trivy, Syft) read in images that have no rpm database. An rpm
// database itself is SQLite written by rpm's own code, which no image of ours runs.
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
