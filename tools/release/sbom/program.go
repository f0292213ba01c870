package sbom

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"golang.org/x/mod/modfile"
)

// Wrapper describes the wrapper's binary for one architecture.
type Wrapper struct {
	Name     string // of the file
	Version  string
	Program  []byte
	Packages []string // import paths of the linked packages, without the standard library
	Modules  []byte   // the go.mod with the versions of their modules
}

// licenses contains the licenses of the Go modules that may be linked into the wrapper. Another module needs an entry.
var licenses = map[string]string{
	"stdlib":           "BSD-3-Clause",
	"golang.org/x/sys": "BSD-3-Clause",
}

// Program writes the SBOM of a wrapper.
func Program(w Wrapper, when time.Time) ([]byte, error) {
	self, modules, err := w.components()
	if err != nil {
		return nil, err
	}
	return encode(self, modules, map[string][]string{self.BOMRef: references(modules)}, w.Version, when)
}

// Package writes the SBOM of a .deb, .rpm or .apk with the wrapper.
func Package(name string, content []byte, w Wrapper, when time.Time) ([]byte, error) {
	program, modules, err := w.components()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	self := cyclonedx.Component{
		BOMRef: "sha256:" + digest, Type: cyclonedx.ComponentTypeApplication, Name: name, Version: w.Version,
		Supplier: program.Supplier, Licenses: program.Licenses, Hashes: hashes(digest),
	}
	return encode(self, append([]cyclonedx.Component{program}, modules...), map[string][]string{
		self.BOMRef:    {program.BOMRef},
		program.BOMRef: references(modules),
	}, w.Version, when)
}

// components returns the wrapper and the Go modules that are linked into it. They come from the list of linked packages,
// because Bazel's rules leave no list of modules in a binary (go version -m shows only Go's own version).
func (w Wrapper) components() (self cyclonedx.Component, modules []cyclonedx.Component, err error) {
	info, err := buildinfo.Read(bytes.NewReader(w.Program))
	if err != nil {
		return self, nil, err
	}
	mod, err := modfile.ParseLax("go.mod", w.Modules, nil)
	if err != nil {
		return self, nil, err
	}
	versions := map[string]string{}
	for _, required := range mod.Require {
		versions[required.Mod.Path] = required.Mod.Version
	}
	versions["stdlib"] = info.GoVersion
	paths := []string{"stdlib"}
	for _, path := range w.Packages {
		module := moduleOf(path, mod.Module.Mod.Path, versions)
		if module == "" {
			return self, nil, fmt.Errorf("package %s: no module that go.mod requires contains it", path)
		}
		if module != mod.Module.Mod.Path && !slices.Contains(paths, module) {
			paths = append(paths, module)
		}
	}
	for _, path := range paths {
		id, known := licenses[path]
		if !known {
			return self, nil, fmt.Errorf("module %s: its license is not known: add it to tools/release/sbom/program.go", path)
		}
		part := component(cyclonedx.ComponentTypeLibrary, path, versions[path],
			"pkg:golang/"+path+"@"+escape(strings.TrimPrefix(versions[path], "go")))
		part.Supplier, part.Licenses = &cyclonedx.OrganizationalEntity{Name: "The Go Authors"}, license(id)
		modules = append(modules, part)
	}
	sum := sha256.Sum256(w.Program)
	self = component(cyclonedx.ComponentTypeApplication, "iptables-wrapper", w.Version, PURL(w.Version))
	self.Supplier, self.Licenses = &cyclonedx.OrganizationalEntity{Name: supplier}, license("Apache-2.0")
	self.Hashes = hashes(hex.EncodeToString(sum[:]))
	self.Properties = &[]cyclonedx.Property{{Name: "iptables-wrappers:file", Value: w.Name}}
	return self, modules, nil
}

// PURL returns the package URL of the wrapper.
func PURL(version string) string {
	return "pkg:golang/github.com/iptables-wrappers/iptables-wrappers@" + escape(version) + "#wrapper"
}

// moduleOf returns the module of a package: the longest module path that contains it.
func moduleOf(path, own string, versions map[string]string) string {
	for module := path; module != "."; module = parent(module) {
		if _, required := versions[module]; required || module == own {
			return module
		}
	}
	return ""
}

func parent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}
