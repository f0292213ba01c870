package origin

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

// TestDebianPackages reads real packages: those of a locked image, or DEBIAN_PACKAGES (paths, separated by spaces). The copyright
// files of these four packages have been machine-readable since Debian 12. That of libc6 was plain text there.
func TestDebianPackages(t *testing.T) {
	var files []File
	for path := range strings.FieldsSeq(needs.Variable(t, "DEBIAN_PACKAGES")) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := deb.Read(bytes.NewReader(content), archive.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files = append(files, File{Package: pkg, Extension: ".deb"})
	}
	origins, err := Of(files)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Origin{}
	for i, file := range files {
		found[file.Name] = origins[i]
		t.Logf("%s: source %q, licenses %q", file.Name, origins[i].Source, origins[i].Licenses)
	}
	for name, want := range map[string]struct{ source, license string }{
		"iptables":     {"", "GPL-2+"},
		"libnftnl11":   {"libnftnl", "GPL-2+"},
		"libxtables12": {"iptables", "GPL-2+"},
		"netbase":      {"", "GPL-2"},
	} {
		if got := found[name]; got.Source != want.source || !slices.Contains(got.Licenses, want.license) {
			t.Errorf("%s: %+v, want source %q and license %s", name, got, want.source, want.license)
		}
	}
	if got := found["libc6"]; got.Source != "glibc" || len(got.Licenses) == 0 {
		t.Errorf("libc6: %+v, want source glibc", got)
	}
}
