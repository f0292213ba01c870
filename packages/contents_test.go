package packages_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/rpm"
)

// architectures contains each format's names of the wrapper's architectures. They come from the distributions'
// documentation, not from packages.bzl, so that the test checks that file.
var architectures = map[string]map[string]string{
	"apk": {"386": "x86", "amd64": "x86_64", "arm64": "aarch64", "arm_v7": "armv7", "loong64": "loongarch64", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x"},
	"deb": {"386": "i386", "amd64": "amd64", "arm64": "arm64", "arm_v7": "armhf", "loong64": "loong64", "ppc64le": "ppc64el", "riscv64": "riscv64", "s390x": "s390x"},
	"rpm": {"386": "i686", "amd64": "x86_64", "arm64": "aarch64", "arm_v7": "armv7hl", "loong64": "loongarch64", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x"},
}

var readers = map[string]func(io.Reader, archive.Limits) (*archive.Package, error){"apk": apk.Read, "deb": deb.Read, "rpm": rpm.Read}

// read reads a package with the code that reads packages for the images.
func read(t *testing.T, format, path string) *archive.Package {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := readers[format](bytes.NewReader(data), archive.DefaultLimits())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

// Every package of every format and architecture must contain the wrapper that was built for it, and all other files.
func TestContents(t *testing.T) {
	dir := filepath.Dir(needs.Variable(t, "AMD64_APK"))
	wrappers := filepath.Dir(needs.Variable(t, "WRAPPER_AMD64"))
	common := []string{
		"-rwxr-xr-x usr/sbin/iptables-wrapper",
		"-rw-r--r-- usr/share/bash-completion/completions/iptables-wrapper",
		"-rw-r--r-- usr/share/fish/vendor_completions.d/iptables-wrapper.fish",
		"-rw-r--r-- usr/share/man/man8/iptables-wrapper.8.gz",
	}
	more := map[string][]string{
		"apk": {"-rw-r--r-- usr/share/licenses/iptables-wrapper/LICENSE", "-rw-r--r-- usr/share/zsh/site-functions/_iptables-wrapper"},
		"deb": {"-rw-r--r-- usr/share/doc/iptables-wrapper/copyright", "-rw-r--r-- usr/share/zsh/vendor-completions/_iptables-wrapper"},
		"rpm": {"-rw-r--r-- usr/share/licenses/iptables-wrapper/LICENSE", "-rw-r--r-- usr/share/zsh/site-functions/_iptables-wrapper"},
	}
	for format, spelled := range architectures {
		for architecture := range strings.FieldsSeq(needs.Variable(t, "ARCHITECTURES")) {
			want := spelled[architecture]
			t.Run(format+" "+architecture, func(t *testing.T) {
				p := read(t, format, filepath.Join(dir, "iptables-wrapper_"+architecture+"."+format))
				if p.Name != name || p.Architecture != want {
					t.Errorf("it is %s for %s, want %s", p.Name, p.Architecture, want)
				}
				var files []string
				for _, file := range p.Files {
					if file.UID != 0 || file.GID != 0 || (file.User != "" && file.User != "root") || (file.Group != "" && file.Group != "root") {
						t.Errorf("%s belongs to %d (%s), %d (%s)", file.Name, file.UID, file.User, file.GID, file.Group)
					}
					if file.Type == archive.Directory {
						continue
					}
					files = append(files, os.FileMode(file.Mode).String()+" "+file.Name)
					switch file.Name {
					case "usr/sbin/iptables-wrapper":
						built, err := os.ReadFile(filepath.Join(wrappers, "wrapper_"+architecture))
						if err != nil || !bytes.Equal(built, file.Data) {
							t.Errorf("the wrapper in it is not the one that was built: %v", err)
						}
					case "usr/share/man/man8/iptables-wrapper.8.gz":
						page, err := gzip.NewReader(bytes.NewReader(file.Data))
						if err != nil {
							t.Fatal(err)
						}
						if data, err := io.ReadAll(page); err != nil || string(data) != text(t, "MANUAL") {
							t.Errorf("the manual page in it is not the one that is here: %v", err)
						}
					}
				}
				if diff := cmp.Diff(sorted(append(more[format], common...)), sorted(files)); diff != "" {
					t.Errorf("files (- wanted, + there):\n%s", diff)
				}
			})
		}
	}
}

func sortedByName(files []string) []string { return sorted(files) }

// pack runs the program that makes packages, as the build does, but on files with other paths and modification times.
func pack(t *testing.T, format, version string) (path string, err error) {
	t.Helper()
	dir := t.TempDir()
	copied := func(variable string) string {
		to := filepath.Join(dir, variable)
		if err := os.WriteFile(to, []byte(text(t, variable)), 0o600); err != nil {
			t.Fatal(err)
		}
		return to
	}
	path = filepath.Join(dir, "out."+format)
	out, err := exec.Command(needs.Variable(t, "NFPM"),
		"--config", copied("NFPM_YAML"), "--format", format, "--version", version, "--output", path,
		"--set", "ARCHITECTURE="+architectures[format]["amd64"], "--post-install", copied("POST_INSTALL"), "--pre-remove", copied("PRE_REMOVE"),
		"--gzip", "MANUAL="+copied("MANUAL"), "--file", "WRAPPER="+copied("WRAPPER_AMD64"), "--file", "COPYRIGHT="+copied("COPYRIGHT"),
		"--file", "LICENSE="+copied("LICENSE"), "--file", "BASH="+copied("BASH_COMPLETION"), "--file", "ZSH="+copied("ZSH_COMPLETION"),
		"--file", "FISH="+copied("FISH_COMPLETION")).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return path, err
}

// A second run with other paths and modification times gives the same bytes.
func TestSameBytes(t *testing.T) {
	_, version, _ := strings.Cut(text(t, "LABELS"), "org.opencontainers.image.version=")
	for format := range architectures {
		path, err := pack(t, format, strings.TrimSpace(version))
		if err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		built, err := os.ReadFile(filepath.Join(filepath.Dir(needs.Variable(t, "AMD64_APK")), "iptables-wrapper_amd64."+format))
		if err != nil || !bytes.Equal(built, again) {
			t.Errorf(".%s: other bytes than the build's: %v", format, err)
		}
	}
}

// In each format, a pre-release version must sort before its release.
func TestVersions(t *testing.T) {
	for _, row := range []struct{ version, apk, others string }{
		{"v1.2.3", "1.2.3-r1", "1.2.3-1"},
		{"v1.2.3-rc.1", "1.2.3_rc1-r1", "1.2.3~rc.1-1"},
		{"v1.2.3-beta", "1.2.3_beta-r1", "1.2.3~beta-1"},
		{"v1.2.3-next.1", "", "1.2.3~next.1-1"},
		{"devel", "0.0.0_pre-r1", "0.0.0~pre-1"},
	} {
		for format := range architectures {
			want := row.others
			if format == "apk" {
				want = row.apk
			}
			path, err := pack(t, format, row.version)
			switch {
			case err != nil && want != "":
				t.Error(err)
			case err != nil:
				if !strings.Contains(err.Error(), "alpha, beta, pre and rc") {
					t.Errorf("%s as .%s: %v", row.version, format, err)
				}
			default:
				if got := read(t, format, path).Version; got != want {
					t.Errorf("%s as .%s is %s, want %s", row.version, format, got, want)
				}
			}
		}
	}
}
