// Package origin reads from which source package a package was built, and its licenses. Both are texts of the package itself.
// tools/pkglayer writes them beside a layer, and tools/release copies them into the SBOM.
package origin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// NoAssertion is SPDX's word for a license that the package does not state in a form that a program can read.
const NoAssertion = "NOASSERTION"

const (
	maxLicense  = 4096 // bytes of one license; Fedora's expression for glibc-common is one of the longest, with about 600
	maxLicenses = 500  // of one package
)

// Origin contains the facts of one package.
type Origin struct {
	SHA256 string `json:"sha256"` // of the package's file
	// Source is the source package as the qualifier "upstream" of a package URL names it: NAME or NAME@VERSION, or the file name
	// of a source RPM. It is empty if the package does not name one.
	Source string `json:"source,omitempty"`
	// Licenses are what the package declares: one expression of an .apk or .rpm, or the names in the copyright file of a .deb. An
	// unreadable one is NoAssertion. The list is never empty.
	Licenses []string `json:"licenses"`
}

// license matches SPDX expressions, and the names that distributions used before SPDX. A hostile package chooses this text, and
// reports and web pages show it.
var license = regexp.MustCompile(`^[A-Za-z0-9(][A-Za-z0-9 ()+.,:;/&_~'-]*$`)

// sources contains the forms of a source package's name: Debian's "NAME" and "NAME (VERSION)", Alpine's name, and the file name of
// a source RPM.
var sources = map[string]*regexp.Regexp{
	".deb": regexp.MustCompile(`^([a-z0-9][a-z0-9+.-]{0,127})(?: \(([A-Za-z0-9][A-Za-z0-9+.:~-]{0,127})\))?$`),
	".apk": regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$`),
	".rpm": regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._~^-]{0,255}\.(?:no)?src\.rpm$`),
}

// File is a package that was read from a file.
type File struct {
	*archive.Package
	Extension string // of the file: ".deb", ".apk" or ".rpm"
	SHA256    string
}

// Of returns the facts of the packages of one image, in the same order. A license that cannot be read is NoAssertion. A malformed
// name of a source package is an error.
func Of(files []File) ([]Origin, error) {
	var debian []*archive.Package
	for _, file := range files {
		if file.Extension == ".deb" {
			debian = append(debian, file.Package)
		}
	}
	documents := layer.NewTree()
	if err := documents.AddPackages(debian, func(name string) bool { return strings.HasPrefix(name, "usr/share/doc/") }); err != nil {
		return nil, err
	}
	var origins []Origin
	for _, file := range files {
		source, err := source(file.Extension, file.Source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		declared := []string{file.License}
		if file.Extension == ".deb" {
			// The directory of a package can be a symlink to that of another package, and its copyright file too.
			text, _ := documents.Data("usr/share/doc/" + file.Name + "/copyright")
			declared = copyrightLicenses(text)
		}
		origins = append(origins, Origin{SHA256: file.SHA256, Source: source, Licenses: check(declared)})
	}
	return origins, nil
}

// source returns the value of the qualifier "upstream" in syft's form, from which scanners find the advisories of a source package.
func source(extension, stated string) (string, error) {
	if stated == "" {
		return "", nil
	}
	allowed := sources[extension]
	match := allowed.FindStringSubmatch(stated)
	switch {
	case match == nil:
		return "", fmt.Errorf("source package %q: want %s", stated, allowed)
	case len(match) == 3 && match[2] != "":
		return match[1] + "@" + match[2], nil
	case len(match) == 3:
		return match[1], nil
	default:
		return stated, nil
	}
}

// check returns each license once, and NoAssertion instead of those that are too long or contain other characters than licenses do.
func check(declared []string) []string {
	var checked []string
	seen := map[string]bool{}
	for _, text := range declared {
		if text = strings.TrimSpace(text); len(text) > maxLicense || !license.MatchString(text) {
			text = NoAssertion
		}
		if !seen[text] {
			seen[text] = true
			checked = append(checked, text)
		}
	}
	if len(checked) == 0 || len(checked) > maxLicenses {
		return []string{NoAssertion}
	}
	return checked
}

// Write writes facts as JSON.
func Write(w io.Writer, origins []Origin) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(origins)
}

// Parse parses what Write wrote, and returns the facts by the sum of the package's file.
func Parse(text []byte) (map[string]Origin, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list []Origin
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("origins: %w", err)
	}
	origins := map[string]Origin{}
	for _, of := range list {
		origins[of.SHA256] = of
	}
	return origins, nil
}
