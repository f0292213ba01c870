package sbom

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

func decode(t *testing.T, text []byte) *cyclonedx.BOM {
	t.Helper()
	bill := &cyclonedx.BOM{}
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(bill); err != nil {
		t.Fatal(err)
	}
	return bill
}

func TestImage(t *testing.T) {
	locked := func(name, version, architecture, variant string) lockfile.Package {
		return lockfile.Package{
			Name: name, Version: version, Architecture: architecture, SHA256: strings.Repeat("0", 64),
			URLs: []string{"https://example.org/" + name}, Variants: []string{variant},
		}
	}
	image := Packages{
		Name: "registry.example/iptables-small", Version: "v1.2.3", Digest: strings.Repeat("a", 64),
		Distro: "debian", DistroVersion: "13", Format: "deb", Architecture: "arm/v7", Variant: "small",
		Packages: []lockfile.Package{
			locked("libstdc++6", "1:14.2.0-19+b1", "armhf", "small"),
			locked("dash", "0.5", "armhf", "large"),
			locked("netbase", "6.5~rc1", "all", "small"),
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
		"pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19%2Bb1?arch=armhf&distro=debian-13",
		"pkg:deb/debian/netbase@6.5~rc1?arch=all&distro=debian-13",
	}, "\n")
	if got != want {
		t.Errorf("components:\n%s\nwant:\n%s", got, want)
	}
	if bill.SpecVersion != cyclonedx.SpecVersion1_6 || bill.Metadata.Timestamp != "2026-01-02T03:04:05Z" {
		t.Errorf("version %s of %s", bill.SpecVersion, bill.Metadata.Timestamp)
	}
	image.Variant = "none"
	if _, err := Image(image, when); err == nil {
		t.Error("an image without packages has a bill")
	}
}

// The test's own program stands in for any Go program: its bill is as true as the list of packages.
func TestProgram(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := Wrapper{
		Name: "iptables-wrapper-linux-amd64", Version: "v1.2.3", Program: program,
		Packages: []string{"example.org/own/wrapper", "example.org/own/wrapper/mode", "golang.org/x/sys/unix", "golang.org/x/sys/windows"},
		Modules:  []byte("module example.org/own\ngo 1.26\nrequire golang.org/x/sys v0.49.0\nrequire golang.org/x/sysinfo v1.9.9\n"),
	}
	text, err := Program(w, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	parts := *decode(t, text).Components
	if len(parts) != 2 || parts[0].Name != "stdlib" || parts[1].PackageURL != "pkg:golang/golang.org/x/sys@v0.49.0" {
		t.Errorf("components %+v, want the standard library and golang.org/x/sys", parts)
	}
	w.Packages = append(w.Packages, "golang.org/x/system")
	if _, err := Program(w, time.Unix(0, 0)); err == nil {
		t.Error("a package of no module is in no bill, and nothing was said")
	}
}
