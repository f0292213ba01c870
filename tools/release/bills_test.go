package main

import (
	"bytes"
	"debug/elf"
	"debug/gosym"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/iptables-wrappers/iptables-wrappers/tools/release/sbom"
)

// readBill returns the name@version of each component of an SBOM, and the subject's sha256.
func readBill(t *testing.T, text []byte) (parts []string, sum string) {
	t.Helper()
	bill := cyclonedx.BOM{}
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bill); err != nil {
		t.Fatal(err)
	}
	for _, part := range *bill.Components {
		parts = append(parts, part.Name+"@"+part.Version)
	}
	slices.Sort(parts)
	return parts, (*bill.Metadata.Component.Hashes)[0].Value
}

// A package's SBOM contains the package's sum, the wrapper, and the components of the wrapper's own SBOM.
func (m *made) packageBills(t *testing.T) {
	for name := range m.DistroPackages {
		read := func(file string) ([]string, string) {
			text, err := os.ReadFile(m.asset(file))
			if err != nil {
				t.Fatal(err)
			}
			return readBill(t, text)
		}
		arch, _, _ := strings.Cut(name, ".")
		got, sum := read("iptables-wrapper-linux-" + name + ".cdx.json")
		want, _ := read("iptables-wrapper-linux-" + arch + ".cdx.json")
		want = append(want, "iptables-wrapper@"+m.Version)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the SBOM lists %q, want %q", name, got, want)
		}
		if file := fileSum(t, m.asset("iptables-wrapper-linux-"+name)); file != sum {
			t.Errorf("%s: the SBOM is of a file with sha256 %s, want %s", name, sum, file)
		}
	}
}

// A binary's SBOM is compared with the binary: it must list exactly the modules whose functions are linked into it.
func (m *made) programBills(t *testing.T) {
	for arch := range m.Programs {
		program := m.asset("iptables-wrapper-linux-" + arch)
		text, err := os.ReadFile(program + ".cdx.json")
		if err != nil {
			t.Fatal(err)
		}
		parts, sum := readBill(t, text)
		if got := fileSum(t, program); got != sum {
			t.Errorf("%s: the bill is of a file with sha256 %s", arch, sum)
		}
		linked := linkedModules(t, program)
		var listed []string
		for _, part := range parts {
			module, version, _ := strings.Cut(part, "@")
			if strings.Contains(module, ".") {
				listed = append(listed, module)
			}
			if version == "" {
				t.Errorf("%s: %s has no version", arch, module)
			}
		}
		if !slices.Equal(linked, listed) {
			t.Errorf("%s: functions of %q are linked, the bill lists %q", arch, linked, listed)
		}
	}
}

// linkedModules reads the table of functions of a stripped binary. The modules of this project have three elements in their
// paths.
func linkedModules(t *testing.T, path string) []string {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	data, err := program.Section(".gopclntab").Data()
	if err != nil {
		t.Fatal(err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, program.Section(".text").Addr))
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]bool{}
	for _, function := range table.Funcs {
		elements := strings.Split(function.PackageName(), "/")
		if len(elements) >= 3 && strings.Contains(elements[0], ".") && elements[1] != "iptables-wrappers" {
			modules[strings.Join(elements[:3], "/")] = true
		}
	}
	return slices.Sorted(maps.Keys(modules))
}

// An image's SBOM, as cosign finds it attested, is compared with the package database in the image from the registry.
func (m *made) imageBills(t *testing.T) {
	for _, line := range m.released(t) {
		at, err := name.NewDigest(line)
		if err != nil {
			t.Fatal(err)
		}
		index, err := remote.Index(at)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range manifest.Manifests {
			image, err := index.Image(of.Digest)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"debian@13", "iptables-wrapper@" + m.Version}
			sources := map[string]string{}
			for _, text := range imageFiles(t, image, "var/lib/dpkg/status.d/*") {
				if name := field(text, "Package"); name != "" {
					want = append(want, name+"@"+field(text, "Version"))
					sources[name] = strings.TrimSuffix(strings.Replace(field(text, "Source"), " (", "@", 1), ")")
				}
			}
			w, err := (&release{contents: m.contents}).wrapper(of.Platform.Architecture)
			if err != nil {
				t.Fatal(err)
			}
			program, err := sbom.Program(w, time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			linked, _ := readBill(t, program)
			want = append(want, linked...)
			slices.Sort(want)
			bill := m.attested(t, at.Context().Digest(of.Digest.String()).String())
			got, sum := readBill(t, bill)
			if !slices.Equal(got, want) {
				t.Errorf("%s: the bill lists %q, the image's database %q", of.Platform, got, want)
			}
			checkOrigins(t, bill, sources)
			if sum != of.Digest.Hex {
				t.Errorf("%s: the bill is of %s, the image is %s", of.Platform, sum, of.Digest.Hex)
			}
		}
	}
}

// checkOrigins compares the source packages in an SBOM with those in the image's database. Each package of Debian must have licenses,
// and that of netbase has been GPL-2 in all releases.
func checkOrigins(t *testing.T, text []byte, sources map[string]string) {
	t.Helper()
	bill := cyclonedx.BOM{}
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bill); err != nil {
		t.Fatal(err)
	}
	for _, part := range *bill.Components {
		if !strings.HasPrefix(part.PackageURL, "pkg:deb/") {
			continue
		}
		address, err := url.Parse(part.PackageURL)
		if err != nil {
			t.Fatal(err)
		}
		if got := address.Query().Get("upstream"); got != sources[part.Name] {
			t.Errorf("%s: the SBOM names the source package %q, the image's database %q", part.Name, got, sources[part.Name])
		}
		if part.Licenses == nil || len(*part.Licenses) == 0 {
			t.Errorf("%s: no licenses", part.Name)
		} else if name := (*part.Licenses)[0].License.Name; part.Name == "netbase" && name != "GPL-2" {
			t.Errorf("netbase: license %q", name)
		}
	}
}

// attested returns the predicate that cosign verifies and prints, from a DSSE envelope with an in-toto statement.
func (m *made) attested(t *testing.T, reference string) []byte {
	t.Helper()
	out := tool(t, "cosign", "verify-attestation", "--key", m.public, "--insecure-ignore-tlog=true", "--type", "cyclonedx", reference)
	var envelope struct{ Payload string }
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&envelope); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		t.Fatal(err)
	}
	var statement struct{ Predicate json.RawMessage }
	if err := json.Unmarshal(payload, &statement); err != nil {
		t.Fatal(err)
	}
	return statement.Predicate
}

func field(text []byte, name string) string {
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+": "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
