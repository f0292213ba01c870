package sbom

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
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
	Packages      []lockfile.Package // of the architecture, including those of other variants
}

// Image writes the SBOM of an image: the packages in its lock, and the wrapper with its modules. A lock does not contain the
// licenses of packages.
// licenses of packages.
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
		part := component(cyclonedx.ComponentTypeLibrary, locked.Name, locked.Version, fmt.Sprintf("pkg:%s/%s/%s@%s?arch=%s&distro=%s%s",
			p.Format, p.Distro, escape(locked.Name), escape(locked.Version), escape(locked.Architecture), escape(distro), upstream(p.Format, locked)))
		part.Supplier = by
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

// pool matches the address of a package in a Debian archive: POOL/COMPONENT/PREFIX/SOURCE/FILE, the layout of Debian's archive
// software.
var pool = regexp.MustCompile(`/pool/(?:updates/)?[^/]+/[^/]+/([^/]+)/[^/]+$`)

// upstream returns the qualifier by which scanners find advisories, because Debian's advisories name source packages.
func upstream(format string, p lockfile.Package) string {
	if match := pool.FindStringSubmatch(p.URLs[0]); format == "deb" && match != nil && match[1] != p.Name {
		return "&upstream=" + escape(match[1])
	}
	return ""
}
