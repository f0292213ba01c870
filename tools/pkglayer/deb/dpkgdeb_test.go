package deb_test

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// dpkg and the reader must accept the same tar formats: GNU's entries for names longer than a ustar header allows, but
// no PAX headers, which could contain extended attributes.
func TestDpkgDeb(t *testing.T) {
	needs.Machine(t, "dpkg-deb", "root")
	text := "Package: tool\nVersion: 1\nArchitecture: all\nMaintainer: Tests <tests@example.com>\nDescription: a tool\n"
	long := "./" + strings.Repeat("long", 50)
	for name, row := range map[string]struct {
		header  tar.Header
		refused bool
	}{
		"ustar":                {tar.Header{Name: "./tool", Format: tar.FormatUSTAR}, false},
		"gnu, a long name":     {tar.Header{Name: long, Format: tar.FormatGNU}, false},
		"pax, a long name":     {tar.Header{Name: long, Format: tar.FormatPAX}, true},
		"pax, no extra record": {tar.Header{Name: "./tool", Format: tar.FormatPAX}, false},
		"pax, a capability": {tar.Header{Name: "./tool", Format: tar.FormatPAX, PAXRecords: map[string]string{
			"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x30" + strings.Repeat("\x00", 14),
		}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			row.header.Mode, row.header.Size = 0o755, 3
			var out bytes.Buffer
			out.WriteString("!<arch>\n")
			member(&out, "debian-binary", []byte("2.0\n"))
			member(&out, "control.tar.gz", pack(t, []tar.Header{{Name: "./control", Mode: 0o644, Size: int64(len(text))}}, text))
			member(&out, "data.tar.gz", pack(t, []tar.Header{row.header}, "abc"))
			if _, err := read(out.Bytes()); (err != nil) != row.refused || err != nil && !strings.Contains(err.Error(), "PAX header") {
				t.Errorf("we: error %v, want one: %v", err, row.refused)
			}
			root := t.TempDir()
			database := filepath.Join(root, "var/lib/dpkg")
			if err := os.MkdirAll(filepath.Join(database, "info"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(database, "updates"), 0o755); err != nil {
				t.Fatal(err)
			}
			for path, data := range map[string][]byte{filepath.Join(database, "status"): nil, filepath.Join(root, "tool.deb"): out.Bytes()} {
				if err := os.WriteFile(path, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			said, err := exec.Command("dpkg", "--root="+root, "--force-bad-path", "--unpack", filepath.Join(root, "tool.deb")).CombinedOutput()
			if (err != nil) != row.refused || err != nil && !strings.Contains(string(said), "unsupported PAX tar header") {
				t.Errorf("dpkg: error %v, want one: %v\n%s", err, row.refused, said)
			}
		})
	}
}
