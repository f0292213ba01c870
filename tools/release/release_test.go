package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// One release is made, because that takes longest. Each property of it has its own test.
func TestRelease(t *testing.T) {
	m := rehearse(t)
	t.Run("checksums", m.checksums)
	t.Run("programs", m.programs)
	t.Run("packages", m.packages)
	t.Run("programs' bills", m.programBills)
	t.Run("packages' SBOMs", m.packageBills)
	t.Run("files' signatures", m.fileSignatures)
	t.Run("images", m.images)
	t.Run("images' bills", m.imageBills)
	t.Run("registry entry", m.registryEntry)
	t.Run("source archive", m.sourceArchive)
	t.Run("README", m.readme)
	t.Run("SECURITY", m.security)
}

func (m *made) checksums(t *testing.T) {
	command := exec.Command("sha256sum", "--check", "--strict", checksums)
	command.Dir = filepath.Join(m.output, "assets")
	out, err := command.CombinedOutput()
	t.Logf("sha256sum --check:\n%s", out)
	if err != nil {
		t.Error(err)
	}
	if got, want := strings.Count(string(out), ": OK\n"), 8*len(m.Programs)+3; got != want {
		t.Errorf("%d files, want %d: binaries and three packages each with SBOMs, installer, source archive, images.txt", got, want)
	}
}

// The released binaries are byte for byte those that were built and tested, and print their version.
func (m *made) programs(t *testing.T) {
	for arch, path := range m.Programs {
		tested, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		released, err := os.ReadFile(m.asset("iptables-wrapper-linux-" + arch))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(tested, released) {
			t.Errorf("%s: the released program is not the built one", arch)
		}
	}
	link := filepath.Join(t.TempDir(), "iptables-wrapper")
	if err := os.Symlink(m.asset("iptables-wrapper-linux-"+hostArch(t, m)), link); err != nil {
		t.Fatal(err)
	}
	if got, want := tool(t, link, "version"), "iptables-wrapper "+m.Version+"\n"; got != want {
		t.Errorf("version: %q, want %q", got, want)
	}
}

// Each binary is in a package of each format. The packages are those that Bazel built and tested.
func (m *made) packages(t *testing.T) {
	for arch := range m.Programs {
		for _, format := range []string{"apk", "deb", "rpm"} {
			name := arch + "." + format
			tested, err := os.ReadFile(m.DistroPackages[name])
			if err != nil {
				t.Fatal(err)
			}
			released, err := os.ReadFile(m.asset("iptables-wrapper-linux-" + name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(tested, released) {
				t.Errorf("%s: the released package is not the built one", name)
			}
		}
	}
}

func (m *made) fileSignatures(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(m.output, "assets"))
	if err != nil {
		t.Fatal(err)
	}
	verified := 0
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".sigstore.json") || entry.Name() == "cosign.pub" {
			continue
		}
		path := m.asset(entry.Name())
		tool(t, "cosign", "verify-blob", "--key", m.public, "--insecure-ignore-tlog=true", "--bundle", path+".sigstore.json", path)
		verified++
		if entry.Name() != checksums {
			tool(t, "cosign", "verify-blob-attestation", "--key", m.public, "--insecure-ignore-tlog=true",
				"--type", "slsaprovenance1", "--bundle", m.asset("provenance.sigstore.json"), path)
		}
	}
	if want := 8*len(m.Programs) + 4; verified != want {
		t.Errorf("%d files are signed, want %d", verified, want)
	}
	// cosign must refuse the signature of another file.
	program, script := m.asset("iptables-wrapper-linux-386"), m.asset("iptables-wrapper-installer.sh")
	for _, arguments := range [][]string{{"--bundle", bundle(program), script}, {"--bundle", bundle(script), program}} {
		command := exec.Command("cosign", append([]string{"verify-blob", "--key", m.public, "--insecure-ignore-tlog=true"}, arguments...)...)
		if out, err := command.CombinedOutput(); err == nil {
			t.Errorf("%s: accepted: %s", command, out)
		}
	}
}

func fileSum(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
