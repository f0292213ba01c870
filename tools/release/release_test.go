package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// made is a release that was made for the tests of this package, and what they look at.
type made struct {
	*contents
	options
	public string // the public key
}

func (m *made) asset(name string) string { return filepath.Join(m.output, "assets", name) }

// rehearse makes a release of what Bazel built, of a checkout of its own, in a registry of its own.
func rehearse(t *testing.T) *made {
	t.Helper()
	c := built(t)
	if _, err := exec.LookPath("cosign"); err != nil {
		t.Skip("cosign is not in PATH (Debian 14: apt-get install cosign; ./bazelw --airgap has it)")
	}
	server := rehearsalRegistry()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	key := filepath.Join(dir, "test.key")
	t.Setenv("COSIGN_PASSWORD", "correct horse")
	tool(t, "cosign", "generate-key-pair", "--output-key-prefix", strings.TrimSuffix(key, ".key"))
	m := &made{contents: c, public: filepath.Join(dir, "test.pub"), options: options{
		contents: os.Getenv("RELEASE_CONTENTS"),
		source:   newCheckout(t, c.Version),
		output:   filepath.Join(dir, "dist"),
		registry: server.Listener.Addr().String() + "/test",
		key:      key,
	}}
	if err := run(context.Background(), m.options); err != nil {
		t.Fatal(err)
	}
	return m
}

// built reads what Bazel built for the tests.
func built(t *testing.T) *contents {
	t.Helper()
	path := os.Getenv("RELEASE_CONTENTS")
	if path == "" {
		t.Skip("RELEASE_CONTENTS is not set: run bazel test //tools/release/...")
	}
	c, err := readContents(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newCheckout makes a repository with a tag from the files of this one that a release reads.
func newCheckout(t *testing.T, tag string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"MODULE.bazel", ".bcr/source.template.json", ".bcr/metadata.template.json", ".bcr/presubmit.yml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range []string{"init -q -b main", "add .", "-c user.name=t -c user.email=t@example.com commit -q -m all", "tag " + tag} {
		tool(t, "git", append([]string{"-C", dir}, strings.Fields(arguments)...)...)
	}
	return dir
}

// tool runs one program and returns what it prints.
func tool(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	command := exec.Command(program, arguments...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, out, complaint.String())
	}
	return string(out)
}

// One release is made, since that takes the longest; every promise about it is a test of its own.
func TestRelease(t *testing.T) {
	m := rehearse(t)
	t.Run("checksums", m.checksums)
	t.Run("programs", m.programs)
	t.Run("programs' bills", m.programBills)
	t.Run("files' signatures", m.fileSignatures)
	t.Run("images", m.images)
	t.Run("images' bills", m.imageBills)
	t.Run("syft", m.syft)
	t.Run("registry entry", m.registryEntry)
	t.Run("source archive", m.sourceArchive)
	t.Run("README", m.readme)
}

func (m *made) checksums(t *testing.T) {
	command := exec.Command("sha256sum", "--check", "--strict", checksums)
	command.Dir = filepath.Join(m.output, "assets")
	out, err := command.CombinedOutput()
	t.Logf("sha256sum --check:\n%s", out)
	if err != nil {
		t.Error(err)
	}
	if got, want := strings.Count(string(out), ": OK\n"), 2*len(m.Programs)+3; got != want {
		t.Errorf("%d files, want %d: programs with a bill each, installer, source archive, images.txt", got, want)
	}
}

// What is released is what was built and tested, to the byte, and it says its version.
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
	if want := 2*len(m.Programs) + 4; verified != want {
		t.Errorf("%d files are signed, want %d", verified, want)
	}
	// The signature of another file, and another file under a signature.
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
