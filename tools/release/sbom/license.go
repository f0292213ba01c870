package sbom

import (
	"github.com/CycloneDX/cyclonedx-go"
	"github.com/github/go-spdx/v2/spdxexp"
)

// declared returns the licenses that a distribution's package declares. Alpine and Fedora write SPDX expressions. What is not a
// valid one becomes a license with a name, CycloneDX's equivalent of a LicenseRef in SPDX. So do the names in Debian's copyright
// files and NOASSERTION: Debian's names are not SPDX's, although some are spelled the same.
func declared(format string, licenses []string) *cyclonedx.Licenses {
	if format != "deb" && len(licenses) == 1 {
		if valid, _ := spdxexp.ValidateLicenses(licenses); valid {
			return &cyclonedx.Licenses{{Expression: licenses[0]}}
		}
	}
	var choices cyclonedx.Licenses
	for _, name := range licenses {
		choices = append(choices, cyclonedx.LicenseChoice{License: &cyclonedx.License{
			Name: name, Acknowledgement: cyclonedx.LicenseAcknowledgementDeclared,
		}})
	}
	return &choices
}
