// Package images reads images/distros.generated.json, the table of distributions. Bazel generates that file from
// distros.bzl. Programs that Bazel runs read an up-to-date copy of it (//images:table).
package images

import (
	"encoding/json"
	"fmt"
	"os"
)

// Distro is one distribution.
type Distro struct {
	Title    string             `json:"title"`
	Format   string             `json:"format"` // deb, apk or rpm
	Due      map[string]string  `json:"due"`    // releases that are expected, to the day YYYY-MM-DD from which they are missing
	Keys     []string           `json:"keys"`   // the files in images/DISTRO/keys, as Debian's package distribution-gpg-keys has them
	Releases map[string]Release `json:"releases"`
	Variants map[string]Variant `json:"variants"`
}

// Release is one release of a distribution.
type Release struct {
	Version       string            `json:"version"`
	Architectures map[string]string `json:"architectures"` // OCI's name to the distribution's
	Suites        []string          `json:"suites"`        // repositories beside the release's own
	End           string            `json:"end"`           // last day of support, YYYY-MM-DD; empty if not known
	Supported     bool              `json:"supported"`     // whether the table says so
}

// Variant is one set of packages that an image is built from.
type Variant struct {
	Packages []string            `json:"packages"` // wanted by name
	Own      map[string][]string `json:"own"`      // and on one architecture alone, by the distribution's name for it
	Without  []string            `json:"without"`  // left out although something depends on them
}

// Read reads a table. Its keys are the values of ID in the distributions' os-release files.
func Read(path string) (map[string]Distro, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	table := map[string]Distro{}
	if err := json.Unmarshal(text, &table); err != nil {
		return nil, fmt.Errorf("distribution table %s: %w", path, err)
	}
	return table, nil
}
