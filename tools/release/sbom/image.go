package sbom

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/origin"
)

// Packages describes the content of one image of an index.
type Packages struct {
	Name          string // repository, with the registry's host
	Wrapper       Wrapper
	Digest        string // of the image, in hexadecimal
	Distro        string
	Title         string // of the distribution, which supplies the packages
	DistroVersion string
	Format        string // deb, apk or rpm
	Architecture  string // OCI's name, with its variant
	Variant       string
	Packages      []lockfile.Package       // of the architecture, including those of other variants
	Origins       map[string]origin.Origin // of the image's packages, by the sha256 of the package's file
}

// Image writes the SBOM of an image: the packages in its lock with what they declare about themselves, and the wrapper with its
// modules.
func Image(p Packages, when time.Time) ([]byte, error) {
	program, modules, err := p.Wrapper.components()
	if err != nil {
		return nil, err
	}
	distro := p.Distro + "-" + p.DistroVersion
	by := &cyclonedx.OrganizationalEntity{Name: p.Title}
	parts := []cyclonedx.Component{
		program,
		{BOMRef: distro, Type: cyclonedx.ComponentTypeOS, Name: p.Distro, Version: p.DistroVersion, Supplier: by},
	}
	of := len(parts)
	for _, locked := range p.Packages {
		if !slices.Contains(locked.Variants, p.Variant) {
			continue
		}
		from, built := p.Origins[locked.SHA256]
		if !built {
			return nil, fmt.Errorf("package %s %s: not in the layer: the lock and the layer are of different builds: build both again", locked.Name, locked.Version)
		}
		version, epoch := locked.Version, ""
		if number, rest, found := strings.Cut(version, ":"); found && p.Format == "rpm" { // the type rpm of package URLs has a qualifier for it
			version, epoch = rest, "&epoch="+number
		}
		part := component(cyclonedx.ComponentTypeLibrary, locked.Name, locked.Version, fmt.Sprintf("pkg:%s/%s/%s@%s?arch=%s&distro=%s%s%s",
			p.Format, p.Distro, escape(locked.Name), escape(version), escape(locked.Architecture), escape(distro), epoch, upstream(p.Format, locked.Name, from.Source)))
		part.Supplier, part.Licenses = by, declared(p.Format, from.Licenses)
		// The file with this sum was unpacked. The address is where it can be downloaded again.
		part.Hashes = hashes(locked.SHA256)
		part.ExternalReferences = &[]cyclonedx.ExternalReference{{Type: cyclonedx.ERTypeDistribution, URL: locked.URLs[0]}}
		parts = append(parts, part)
	}
	if len(parts) == of {
		return nil, fmt.Errorf("the lock has no packages of %s for %s", p.Variant, p.Architecture)
	}
	self := component(cyclonedx.ComponentTypeContainer, p.Name, "sha256:"+p.Digest, "")
	self.BOMRef = "sha256:" + p.Digest
	self.Hashes = hashes(p.Digest)
	self.Supplier = program.Supplier
	self.Properties = &[]cyclonedx.Property{{Name: "iptables-wrappers:platform", Value: "linux/" + p.Architecture}}
	needs := map[string][]string{self.BOMRef: references(parts), program.BOMRef: references(modules)}
	return encode(self, append(parts, modules...), needs, p.Wrapper.Version, when)
}

// upstream returns the qualifier by which scanners find advisories, because these name source packages. It is left out if the
// source package has the same name and version. A source RPM always contains a version.
func upstream(format, name, source string) string {
	if source == "" || source == name && format != "rpm" {
		return ""
	}
	return "&upstream=" + escape(source)
}
