// Package sbom writes SBOMs, in CycloneDX's JSON, of the wrapper, its packages and the images. Their content comes from the inputs of
// the build: the linked Go packages and go.mod, the locks, and what the locked packages declare. The tests of tools/release
// compare them with the files.
package sbom

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

const (
	supplier = "iptables-wrappers"
	tool     = "github.com/iptables-wrappers/iptables-wrappers/tools/release"
)

// encode writes the SBOM of one component, with the minimum elements of NTIA
// (https://www.ntia.gov/report/2021/minimum-elements-software-bill-materials-sbom): supplier, name, version, identifier,
// dependencies, author and time. It is reproducible: the time is the commit's, and the serial number is a UUID of version 8
// (RFC 9562) made from the content. needs contains, by reference, the dependencies of each component.
func encode(of cyclonedx.Component, parts []cyclonedx.Component, needs map[string][]string, version string, when time.Time) ([]byte, error) {
	bill := cyclonedx.NewBOM()
	us := &cyclonedx.OrganizationalEntity{Name: supplier, URL: &[]string{"https://github.com/iptables-wrappers/iptables-wrappers"}}
	bill.Metadata = &cyclonedx.Metadata{
		Timestamp: when.UTC().Format(time.RFC3339),
		Authors:   &[]cyclonedx.OrganizationalContact{{Name: supplier}},
		Supplier:  us,
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{
			Type: cyclonedx.ComponentTypeApplication, Name: tool, Version: version, Supplier: us,
		}}},
		Component: &of,
	}
	bill.Components = &parts
	dependencies := []cyclonedx.Dependency{}
	for _, part := range append([]cyclonedx.Component{of}, parts...) {
		on := needs[part.BOMRef]
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: part.BOMRef, Dependencies: &on})
	}
	bill.Dependencies = &dependencies
	text, err := write(bill)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	bill.SerialNumber = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	return write(bill)
}

func write(bill *cyclonedx.BOM) ([]byte, error) {
	var text bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	// Scanners support the newest version of the format only after some time.
	err := encoder.EncodeVersion(bill, cyclonedx.SpecVersion1_6)
	return text.Bytes(), err
}

func references(parts []cyclonedx.Component) (references []string) {
	for _, part := range parts {
		references = append(references, part.BOMRef)
	}
	return references
}

func license(id string) *cyclonedx.Licenses {
	return &cyclonedx.Licenses{{License: &cyclonedx.License{ID: id}}}
}

// component returns a component with a package URL, which identifies it in the SBOM.
func component(kind cyclonedx.ComponentType, name, version, purl string) cyclonedx.Component {
	return cyclonedx.Component{BOMRef: purl, Type: kind, Name: name, Version: version, PackageURL: purl}
}

func hashes(sha256 string) *[]cyclonedx.Hash {
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sha256}}
}

// escape encodes one part of a package URL. The specification encodes more characters than URLs do: the plus signs and colons
// of Debian's versions. Only the slashes of a name are separators.
func escape(part string) string {
	return strings.NewReplacer("+", "%2B", ":", "%3A", "@", "%40").Replace(url.PathEscape(part))
}
