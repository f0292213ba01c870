package rpm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// For every compression of rpmbuild, the unpacked layer must equal what rpm installs, with capabilities. The manifest
// for scanners must equal rpm's output.
func TestRpmbuild(t *testing.T) {
	needs.Machine(t, "getcap", "root", "rpm", "rpmbuild")
	spec, err := filepath.Abs("testdata/example.spec")
	if err != nil {
		t.Fatal(err)
	}
	for payload, name := range map[string]string{
		"w9.gzdio": "gzip", "w9.bzdio": "bzip2", "w6.xzdio": "xz", "w6.lzdio": "lzma", "w3.zstdio": "zstd", "w.ufdio": "none",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			command(t, "rpmbuild", "-bb", "--define", "_topdir "+dir, "--define", "_binary_payload "+payload, spec)
			path := filepath.Join(dir, "RPMS/noarch/example-1.2-3.noarch.rpm")
			if got := query(t, path, "%{PAYLOADCOMPRESSOR}"); strings.Trim(got, "()") != name {
				t.Fatalf("rpmbuild compressed by %s", got)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pkg, err := read(data)
			if err != nil {
				t.Fatal(err)
			}
			said := query(t, path, "%{NAME}\t%{VERSION}-%{RELEASE}\t0\t%{BUILDTIME}\t%{VENDOR}\t%{EPOCH}\t%{LONGSIZE}\t%{ARCH}\t%{EPOCHNUM}\t%{SOURCERPM}")
			if got := string(pkg.Control[archive.ManifestLine]); got != said {
				t.Errorf("manifest line\n%q, rpm printed\n%q", got, said)
			}
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			command(t, "rpm", "--root", theirs, "--dbpath", "/rpmdb", "--nodeps", "--nosignature", "--install", path)
			unpackLayer(t, pkg, ours)
			want := unpacked(t, filepath.Join(theirs, "usr"))
			if got := unpacked(t, filepath.Join(ours, "usr")); got != want {
				t.Errorf("the layer unpacks to\n%s, rpm to\n%s", got, want)
			}
			if !strings.Contains(want, "capable cap_net_admin,cap_net_raw=ep\n") {
				t.Errorf("rpm set no capabilities:\n%s", want)
			}
		})
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

func query(t *testing.T, path, format string) string {
	t.Helper()
	return command(t, "rpm", "--query", "--package", "--nosignature", "--queryformat", format, path)
}

func unpackLayer(t *testing.T, pkg *archive.Package, into string) {
	t.Helper()
	tree, err := layer.Build(layer.Settings{Metadata: "rpm-manifest"}, []*archive.Package{pkg})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := tree.Write(&packed); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		t.Fatal(err)
	}
	tar := exec.Command("tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", into, "-xzpf", "-")
	tar.Stdin = &packed
	if out, err := tar.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
}

// unpacked returns a line for each file (type, mode, owner, number of links, target, checksum of the content) and each
// file's capabilities.
func unpacked(t *testing.T, root string) string {
	t.Helper()
	script := `cd "$1" && find . -mindepth 1 -printf '%p %y %m %U:%G %n %l\n' -type f -exec sha256sum {} \; && getcap -r .`
	lines := strings.SplitAfter(command(t, "sh", "-c", script, "-", root), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}
