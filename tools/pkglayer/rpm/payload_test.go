package rpm

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/rpmpack"
	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// rpmbuild (4.18; for format 6: 6.1) made these packages. They have features that rpmpack does not write.
func TestRpmbuildsPackages(t *testing.T) {
	for _, name := range []string{"bzip2", "lzma", "none", "format6"} {
		data, err := os.ReadFile("testdata/" + name + ".rpm")
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := read(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// All packages have this size. Format 6 stores it in another tag than format 4.
		if line := string(pkg.Control[archive.ManifestLine]); !strings.Contains(line, "\tExample\t4\t3905\tnoarch\t4\texample-1.2-3.src.rpm") {
			t.Errorf("%s: manifest line %q", name, line)
		}
		if pkg.Source != "example-1.2-3.src.rpm" || pkg.License != "Apache-2.0" {
			t.Errorf("%s: source %q, license %q", name, pkg.Source, pkg.License)
		}
		found := 0
		for _, file := range pkg.Files {
			switch file.Name {
			case "usr/bin/tool":
				if len(file.Data) == 3893 && bytes.HasSuffix(file.Data, []byte("\n999\n1000\n")) {
					found++
				}
			case "usr/bin/capable":
				if len(file.Xattrs["security.capability"]) == 20 {
					found++
				}
			}
		}
		if found != 2 {
			t.Errorf("%s: read %+v", name, pkg.Files)
		}
		for _, cut := range []int{len(data) - 1, len(data) - 100} {
			if _, err := read(data[:cut]); err == nil || !strings.Contains(err.Error(), "truncated or corrupt") {
				t.Errorf("%s cut at %d: error %v", name, cut, err)
			}
		}
	}
}

func TestUnknownCompression(t *testing.T) {
	data := unsigned(t, build(t, "gzip", rpmpack.RPMFile{Name: "/tool", Mode: 0o100755, Body: []byte("x")}))
	copy(data[value(t, data, rpmutils.PAYLOADCOMPRESSOR):], "brtl")
	if _, err := read(data); err == nil || !strings.Contains(err.Error(), `payload: compression "brtl" is not known`) {
		t.Errorf("error %v", err)
	}
}
