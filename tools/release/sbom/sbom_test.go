package sbom

import (
	"bytes"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/origin"
)

func decode(t *testing.T, text []byte) *cyclonedx.BOM {
	t.Helper()
	bill := &cyclonedx.BOM{}
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(bill); err != nil {
		t.Fatal(err)
	}
	return bill
}

// own returns the test's own binary in place of a wrapper.
func own(t *testing.T) Wrapper {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Wrapper{
		Name: "iptables-wrapper-linux-amd64", Version: "v1.2.3", Program: program,
		Packages: []string{"example.org/own/wrapper", "example.org/own/wrapper/mode", "golang.org/x/sys/unix", "golang.org/x/sys/windows"},
		Modules:  []byte("module example.org/own\ngo 1.26\nrequire golang.org/x/sys v0.49.0\nrequire golang.org/x/sysinfo v1.9.9\n"),
	}
}

// minimum checks the elements that NTIA requires in each SBOM, and that the dependencies contain each component.
func minimum(t *testing.T, bill *cyclonedx.BOM) {
	t.Helper()
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(bill.SerialNumber) {
		t.Errorf("serial number %q", bill.SerialNumber)
	}
	if bill.Metadata.Timestamp == "" || bill.Metadata.Supplier == nil || len(*bill.Metadata.Authors) == 0 || len(*bill.Metadata.Tools.Components) == 0 {
		t.Errorf("metadata %+v: time, supplier, author or tool is missing", bill.Metadata)
	}
	needed := map[string]bool{bill.Metadata.Component.BOMRef: true}
	listed := map[string]bool{}
	for _, dependency := range *bill.Dependencies {
		listed[dependency.Ref] = true
		if dependency.Dependencies == nil { // a component without dependencies
			continue
		}
		for _, ref := range *dependency.Dependencies {
			needed[ref] = true
		}
	}
	for _, part := range append([]cyclonedx.Component{*bill.Metadata.Component}, *bill.Components...) {
		if part.Name == "" || part.Version == "" || part.Supplier == nil || part.Supplier.Name == "" {
			t.Errorf("component %+v: name, version or supplier is missing", part)
		}
		if identified := part.PackageURL != "" || part.Hashes != nil || part.Type == cyclonedx.ComponentTypeOS; !identified || part.BOMRef == "" {
			t.Errorf("component %+v: identifier is missing", part)
		}
		if !needed[part.BOMRef] || !listed[part.BOMRef] {
			t.Errorf("component %s: in no dependency", part.BOMRef)
		}
	}
}

func locked(name, version, architecture, variant string) lockfile.Package {
	return lockfile.Package{
		Name: name, Version: version, Architecture: architecture, SHA256: "sum of " + name,
		URLs: []string{"https://example.org/debian/pool/main/x/" + name + "/" + name}, Variants: []string{variant},
	}
}

func TestImage(t *testing.T) {
	image := Packages{
		Name: "registry.example/iptables-small", Wrapper: own(t), Digest: strings.Repeat("a", 64),
		Distro: "debian", Title: "Debian", DistroVersion: "13", Format: "deb", Architecture: "arm/v7", Variant: "small",
		Packages: []lockfile.Package{
			locked("libstdc++6", "1:14.2.0-19+b1", "armhf", "small"),
			locked("dash", "0.5", "armhf", "large"),
			locked("netbase", "6.5~rc1", "all", "small"),
		},
		Origins: map[string]origin.Origin{
			"sum of libstdc++6": {Source: "gcc-14@14.2.0-19", Licenses: []string{origin.NoAssertion}},
			"sum of netbase":    {Source: "netbase", Licenses: []string{"GPL-2", "public-domain"}},
		},
	}
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text, err := Image(image, when)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Image(image, when); err != nil || !bytes.Equal(text, again) {
		t.Errorf("the same image has two bills: %v", err)
	}
	bill := decode(t, text)
	var purls []string
	for _, part := range *bill.Components {
		purls = append(purls, part.PackageURL)
	}
	got := strings.Join(purls, "\n")
	// https://github.com/package-url/purl-spec: in a version colons and pluses are encoded, a tilde is not.
	want := strings.Join([]string{
		"pkg:golang/github.com/iptables-wrappers/iptables-wrappers@v1.2.3#wrapper",
		"",
		"pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19%2Bb1?arch=armhf&distro=debian-13&upstream=gcc-14%4014.2.0-19",
		"pkg:deb/debian/netbase@6.5~rc1?arch=all&distro=debian-13",
		"pkg:golang/stdlib@" + strings.TrimPrefix(runtime.Version(), "go"),
		"pkg:golang/golang.org/x/sys@v0.49.0",
	}, "\n")
	if got != want {
		t.Errorf("components:\n%s\nwant:\n%s", got, want)
	}
	if bill.SpecVersion != cyclonedx.SpecVersion1_6 || bill.Metadata.Timestamp != "2026-01-02T03:04:05Z" {
		t.Errorf("version %s of %s", bill.SpecVersion, bill.Metadata.Timestamp)
	}
	minimum(t, bill)
	image.Digest = strings.Repeat("b", 64)
	if other, err := Image(image, when); err != nil || decode(t, other).SerialNumber == bill.SerialNumber {
		t.Errorf("two images have one serial number: %v", err)
	}
	image.Origins = map[string]origin.Origin{"sum of netbase": image.Origins["sum of netbase"]}
	if _, err := Image(image, when); err == nil || !strings.Contains(err.Error(), "libstdc++6") {
		t.Errorf("a package that is not in the layer: error %v", err)
	}
	image.Variant = "none"
	if _, err := Image(image, when); err == nil {
		t.Error("an image without packages has a bill")
	}
}

func TestProgram(t *testing.T) {
	w := own(t)
	text, err := Program(w, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	bill := decode(t, text)
	minimum(t, bill)
	parts := *bill.Components
	if len(parts) != 2 || parts[0].Name != "stdlib" || parts[1].PackageURL != "pkg:golang/golang.org/x/sys@v0.49.0" {
		t.Errorf("components %+v, want the standard library and golang.org/x/sys", parts)
	}
	for _, part := range append(parts, *bill.Metadata.Component) {
		if part.Licenses == nil || (*part.Licenses)[0].License.ID == "" {
			t.Errorf("%s has no license", part.Name)
		}
	}
	for _, wrong := range []string{"golang.org/x/system", "golang.org/x/sysinfo"} { // not required by any module; its module has no license
		w.Packages = append(own(t).Packages, wrong)
		if _, err := Program(w, time.Unix(0, 0)); err == nil {
			t.Errorf("package %s: accepted", wrong)
		}
	}
}

func TestPackage(t *testing.T) {
	for _, format := range []string{"apk", "deb", "rpm"} {
		name := "iptables-wrapper-linux-amd64." + format
		text, err := Package(name, []byte("package"), own(t), time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		bill := decode(t, text)
		minimum(t, bill)
		if self := bill.Metadata.Component; self.Name != name || self.BOMRef != "sha256:"+(*self.Hashes)[0].Value || self.Licenses == nil {
			t.Errorf("component %+v", self)
		}
		if parts := *bill.Components; len(parts) != 3 || parts[0].PackageURL != PURL("v1.2.3") {
			t.Errorf("components %+v, want the wrapper and its two modules", parts)
		}
	}
}
