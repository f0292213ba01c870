package sbom

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/origin"
)

// TestLicenses checks the licenses, the source package and the epoch of an image's package in each format, as in the JSON text.
func TestLicenses(t *testing.T) {
	for _, row := range []struct {
		format, source    string
		licenses          []string
		upstream, printed string
	}{
		{"deb", "glibc", []string{"GPL-2+ or Artistic", "BSD-3-clause"}, "&upstream=glibc",
			`[{"license":{"name":"GPL-2+ or Artistic","acknowledgement":"declared"}},{"license":{"name":"BSD-3-clause","acknowledgement":"declared"}}]`},
		// Debian's names are not SPDX's, so even a name that SPDX knows stays a name.
		{"deb", "", []string{"Apache-2.0"}, "", `[{"license":{"name":"Apache-2.0","acknowledgement":"declared"}}]`},
		{"deb", "example", []string{origin.NoAssertion}, "", `[{"license":{"name":"NOASSERTION","acknowledgement":"declared"}}]`},
		{"apk", "busybox", []string{"GPL-2.0-only AND (MIT OR ISC)"}, "&upstream=busybox", `[{"expression":"GPL-2.0-only AND (MIT OR ISC)"}]`},
		{"apk", "example", []string{"custom"}, "", `[{"license":{"name":"custom","acknowledgement":"declared"}}]`},
		{"rpm", "example-1-2.src.rpm", []string{"LGPL-2.1-or-later WITH GCC-exception-2.0 AND LicenseRef-Fedora-Public-Domain"},
			"&upstream=example-1-2.src.rpm", `[{"expression":"LGPL-2.1-or-later WITH GCC-exception-2.0 AND LicenseRef-Fedora-Public-Domain"}]`},
		{"rpm", "glibc-1-2.src.rpm", []string{"GPLv2+ and BSD"}, "&upstream=glibc-1-2.src.rpm", `[{"license":{"name":"GPLv2+ and BSD","acknowledgement":"declared"}}]`},
	} {
		version, epoch := "1-2", ""
		if row.format == "rpm" {
			version, epoch = "3:1-2", "&epoch=3"
		}
		text, err := Image(Packages{
			Name: "registry.example/iptables", Wrapper: own(t), Digest: strings.Repeat("a", 64), Distro: "example", Title: "Example", DistroVersion: "1",
			Format: row.format, Architecture: "amd64", Variant: "small", Packages: []lockfile.Package{locked("example", version, "x86_64", "small")},
			Origins: map[string]origin.Origin{"sum of example": {Source: row.source, Licenses: row.licenses}},
		}, time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		minimum(t, decode(t, text))
		var bill struct {
			Components []struct {
				Name, PURL string
				Licenses   any
			}
		}
		if err := json.Unmarshal(text, &bill); err != nil {
			t.Fatal(err)
		}
		part := bill.Components[2]
		printed, err := json.Marshal(part.Licenses)
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal([]byte(row.printed), &want); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if string(printed) != string(sorted) {
			t.Errorf("%s %q: licenses %s, want %s", row.format, row.licenses, printed, sorted)
		}
		if purl := "pkg:" + row.format + "/example/example@1-2?arch=x86_64&distro=example-1" + epoch + row.upstream; part.PURL != purl {
			t.Errorf("%s: package URL %s, want %s", row.format, part.PURL, purl)
		}
	}
}

// FuzzDeclared checks that the parser of SPDX expressions survives each license that tools/pkglayer lets through, in a time that does
// not explode.
func FuzzDeclared(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return // tools/pkglayer/origin writes no longer license
		}
		begin := time.Now()
		if choices := *declared("rpm", []string{text}); len(choices) != 1 || choices[0].Expression != text && choices[0].License.Name != text {
			t.Errorf("%q became %+v", text, choices)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%d bytes took %v", len(text), took)
		}
	})
}
