package sbom

import (
	"fmt"
	"slices"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// Packages is what one image of an index is made of.
type Packages struct {
	Name          string // repository, with the registry's host
	Version       string // of the wrapper
	Digest        string // of the image, in hexadecimal
	Distro        string
	DistroVersion string
	Format        string // deb, apk or rpm
	Architecture  string // OCI's name, with its variant
	Variant       string
	Packages      []lockfile.Package // of the architecture, those of other variants too
}

// Image writes the bill of an image: the packages that its lock names, and the wrapper.
func Image(p Packages, when time.Time) ([]byte, error) {
	distro := p.Distro + "-" + p.DistroVersion
	parts := []cyclonedx.Component{
		wrapper(p.Version),
		{BOMRef: distro, Type: cyclonedx.ComponentTypeOS, Name: p.Distro, Version: p.DistroVersion},
	}
	of := len(parts)
	for _, locked := range p.Packages {
		if !slices.Contains(locked.Variants, p.Variant) {
			continue
		}
		part := component(cyclonedx.ComponentTypeLibrary, locked.Name, locked.Version, fmt.Sprintf("pkg:%s/%s/%s@%s?arch=%s&distro=%s",
			p.Format, p.Distro, escape(locked.Name), escape(locked.Version), escape(locked.Architecture), escape(distro)))
		// Of the file that was unpacked, so an address and this are enough to have it again.
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
	self.Publisher = supplier
	self.Properties = &[]cyclonedx.Property{{Name: "iptables-wrappers:platform", Value: "linux/" + p.Architecture}}
	return encode(self, parts, when)
}
