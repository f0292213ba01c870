package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/release/sbom"
)

const checksums = "SHA256SUMS"

// addPrograms adds the wrapper for each architecture with its bill of materials, and the installer script. The names end
// in GOARCH, which is what a Dockerfile has in TARGETARCH (arm/v7 is "arm" in both).
func (r *release) addPrograms(context.Context) error {
	modules, err := os.ReadFile(r.Modules)
	if err != nil {
		return err
	}
	for _, arch := range slices.Sorted(maps.Keys(r.Programs)) {
		program, err := os.ReadFile(r.Programs[arch])
		if err != nil {
			return err
		}
		name := "iptables-wrapper-linux-" + arch
		if err := r.asset(name, program, 0o755); err != nil {
			return err
		}
		bill, err := sbom.Program(sbom.Wrapper{
			Name: name, Version: r.Version, Program: program, Packages: r.Packages, Modules: modules,
		}, r.source.when)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := r.asset(name+".cdx.json", bill, 0o644); err != nil {
			return err
		}
	}
	script, err := os.ReadFile(r.Installer)
	if err != nil {
		return err
	}
	return r.asset(filepath.Base(r.Installer), script, 0o755)
}

// addPackages adds the packages of the wrapper. The name has no version, as a program's has none: it is in the address of the release,
// and the latest one's is always the same.
func (r *release) addPackages(context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(r.DistroPackages)) {
		content, err := os.ReadFile(r.DistroPackages[name])
		if err != nil {
			return err
		}
		if err := r.asset("iptables-wrapper-linux-"+name, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// addChecksums writes what `sha256sum -c` reads, over every file there is before it.
func (r *release) addChecksums(context.Context) error {
	var text strings.Builder
	for _, name := range slices.Sorted(slices.Values(r.assets)) {
		content, err := os.ReadFile(r.assetPath(name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(content), name)
	}
	return r.asset(checksums, []byte(text.String()), 0o644)
}
