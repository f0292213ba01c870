package sbom

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"golang.org/x/mod/modfile"
)

// Wrapper is the program for one architecture.
type Wrapper struct {
	Name     string // of the file
	Version  string
	Program  []byte
	Packages []string // import paths it is linked from, without the standard library's
	Modules  []byte   // the go.mod that says which versions these are of
}

// Program writes the bill of a wrapper. Bazel's rules leave no list of modules in a program (go version -m shows only Go's
// own version), so it comes from the packages that were linked.
func Program(w Wrapper, when time.Time) ([]byte, error) {
	info, err := buildinfo.Read(bytes.NewReader(w.Program))
	if err != nil {
		return nil, err
	}
	mod, err := modfile.ParseLax("go.mod", w.Modules, nil)
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, required := range mod.Require {
		versions[required.Mod.Path] = required.Mod.Version
	}
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	parts := []cyclonedx.Component{
		component(cyclonedx.ComponentTypeLibrary, "stdlib", info.GoVersion, "pkg:golang/stdlib@"+escape(goVersion)),
	}
	listed := map[string]bool{mod.Module.Mod.Path: true}
	for _, path := range w.Packages {
		module := moduleOf(path, mod.Module.Mod.Path, versions)
		if module == "" {
			return nil, fmt.Errorf("package %s: of no module that go.mod requires", path)
		}
		if listed[module] {
			continue
		}
		listed[module] = true
		parts = append(parts, component(cyclonedx.ComponentTypeLibrary, module, versions[module],
			"pkg:golang/"+module+"@"+escape(versions[module])))
	}
	self := wrapper(w.Version)
	sum := sha256.Sum256(w.Program)
	self.Hashes = hashes(hex.EncodeToString(sum[:]))
	self.Properties = &[]cyclonedx.Property{{Name: "iptables-wrappers:file", Value: w.Name}}
	return encode(self, parts, when)
}

func wrapper(version string) cyclonedx.Component {
	self := component(cyclonedx.ComponentTypeApplication, "iptables-wrapper", version,
		"pkg:golang/github.com/iptables-wrappers/iptables-wrappers@"+escape(version)+"#wrapper")
	self.Publisher = supplier
	return self
}

// moduleOf returns the module that a package is of: the longest path that it is below.
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
