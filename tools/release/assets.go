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

// addPrograms adds the installer script, and the wrapper for each architecture with its SBOM. The names of binaries end in
// GOARCH, which a Dockerfile has in TARGETARCH (for arm/v7 both are "arm").
func (r *release) addPrograms(context.Context) error {
	for _, arch := range slices.Sorted(maps.Keys(r.Programs)) {
		w, err := r.wrapper(arch)
		if err != nil {
			return err
		}
		if err := r.asset(w.Name, w.Program, 0o755); err != nil {
			return err
		}
		bill, err := sbom.Program(w, r.source.when)
		if err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		if err := r.asset(w.Name+".cdx.json", bill, 0o644); err != nil {
			return err
		}
	}
	script, err := os.ReadFile(r.Installer)
	if err != nil {
		return err
	}
	return r.asset(filepath.Base(r.Installer), script, 0o755)
}

// wrapper returns the content of an SBOM for the wrapper of an architecture.
func (r *release) wrapper(arch string) (w sbom.Wrapper, err error) {
	w = sbom.Wrapper{Name: "iptables-wrapper-linux-" + arch, Version: r.Version, Packages: r.Packages}
	if w.Program, err = os.ReadFile(r.Programs[arch]); err != nil {
		return w, err
	}
	w.Modules, err = os.ReadFile(r.Modules)
	return w, err
}

// addPackages adds the packages of the wrapper with their SBOMs. Their names contain no version, like those of the binaries.
// The version is in the address of the release, so the address of a file in the latest release never changes.
func (r *release) addPackages(context.Context) error {
	for _, of := range slices.Sorted(maps.Keys(r.DistroPackages)) {
		content, err := os.ReadFile(r.DistroPackages[of])
		if err != nil {
			return err
		}
		name := "iptables-wrapper-linux-" + of
		if err := r.asset(name, content, 0o644); err != nil {
			return err
		}
		arch, _, _ := strings.Cut(of, ".")
		w, err := r.wrapper(arch)
		if err != nil {
			return err
		}
		bill, err := sbom.Package(name, content, w, r.source.when)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := r.asset(name+".cdx.json", bill, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// addChecksums writes the input of `sha256sum -c`, with all files that were added before.
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
