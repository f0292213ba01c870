package rpm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// The manifest's line must equal rpm's query output for the package.
func TestRpmQuery(t *testing.T) {
	needs.Machine(t, "rpm")
	data := build(t, "zstd", example()...)
	pkg, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "example.rpm")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	// The third field, the installation time, is 0 because the package is not installed.
	const format = "%{NAME}\t%{VERSION}-%{RELEASE}\t0\t%{BUILDTIME}\t%{VENDOR}\t%{EPOCH}\t%{SIZE}\t%{ARCH}\t%{EPOCHNUM}\t%{SOURCERPM}"
	out, err := exec.Command("rpm", "-qp", "--nosignature", "--qf", format, name).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := string(pkg.Control[archive.ManifestLine]); got != string(out) {
		t.Errorf("manifest line\n%q, rpm printed\n%q", got, out)
	}
	out, err = exec.Command("rpm", "-qp", "--nosignature", "--qf", "[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME}\n]", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[archive.Type]int64{archive.Regular: typeRegular, archive.Directory: typeDir, archive.Symlink: typeLink}
	for _, file := range pkg.Files {
		if line := fmt.Sprintf("/%s %o %s\n", file.Name, kinds[file.Type]|file.Mode, file.User); !strings.Contains(string(out), line) {
			t.Errorf("rpm does not print %q but\n%s", line, out)
		}
	}
}
