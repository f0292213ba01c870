// Package sbom writes bills of materials, in CycloneDX's JSON, of the wrapper and of the images. What is in them comes from
// what the build was made of: the linked packages and go.mod, and the locks. Nothing is guessed by looking at the result;
// tests/release looks at the result.
package sbom

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

const supplier = "iptables-wrappers"

// encode writes the bill of one component that is made of others. Like all of a release it has the commit's date, and is the
// same whenever it is made again.
func encode(of cyclonedx.Component, parts []cyclonedx.Component, when time.Time) ([]byte, error) {
	bill := cyclonedx.NewBOM()
	bill.Metadata = &cyclonedx.Metadata{Timestamp: when.UTC().Format(time.RFC3339), Component: &of}
	bill.Components = &parts
	needs := make([]string, 0, len(parts))
	for _, part := range parts {
		needs = append(needs, part.BOMRef)
	}
	bill.Dependencies = &[]cyclonedx.Dependency{{Ref: of.BOMRef, Dependencies: &needs}}
	var text bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	// Not the newest version of the format: scanners take their time.
	err := encoder.EncodeVersion(bill, cyclonedx.SpecVersion1_6)
	return text.Bytes(), err
}

// component is one with a package URL, which is its name within the bill.
func component(kind cyclonedx.ComponentType, name, version, purl string) cyclonedx.Component {
	return cyclonedx.Component{BOMRef: purl, Type: kind, Name: name, Version: version, PackageURL: purl}
}

func hashes(sha256 string) *[]cyclonedx.Hash {
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sha256}}
}

// escape encodes one part of a package URL. The specification leaves less as it is than URLs do: a plus sign and a colon,
// which Debian's versions have, are encoded, and nothing but the slashes of a name separates.
func escape(part string) string {
	return strings.NewReplacer("+", "%2B", ":", "%3A", "@", "%40").Replace(url.PathEscape(part))
}
