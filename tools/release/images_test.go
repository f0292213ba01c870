package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// Every name in images.txt is an index that can be pulled without credentials, and that is signed with each of its images.
func (m *made) images(t *testing.T) {
	for _, line := range m.released(t) {
		tagged, digest, _ := strings.Cut(line, "@")
		tag, err := name.NewTag(tagged)
		if err != nil {
			t.Fatal(err)
		}
		index, err := remote.Index(tag)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := index.Digest(); err != nil || got.String() != digest {
			t.Errorf("%s is %s (%v), want %s", tagged, got, err, digest)
		}
		// A pre-release must not move the tag without a version.
		_, err = remote.Head(tag.Context().Tag("trixie"))
		if moved := err == nil; moved == m.prerelease() {
			t.Errorf("%s: moved: %v, prerelease: %v (%v)", tag.Context().Tag("trixie"), moved, m.prerelease(), err)
		}
		t.Logf("cosign verify %s:\n%s", tagged, m.verifySigned(t, tagged))
		tool(t, "cosign", "verify-attestation", "--key", m.public, "--insecure-ignore-tlog=true", "--type", "slsaprovenance1", tagged)
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strconv.Itoa(len(manifest.Manifests)), needs.Variable(t, "IMAGES"); got != want {
			t.Errorf("%s: %s images, want one for each of %s architectures", tagged, got, want)
		}
		for _, image := range manifest.Manifests {
			m.verifySigned(t, tag.Context().Digest(image.Digest.String()).String())
			m.imageHasWrapper(t, index, image)
		}
		other := filepath.Join(t.TempDir(), "other")
		tool(t, "cosign", "generate-key-pair", "--output-key-prefix", other)
		command := exec.Command("cosign", "verify", "--key", other+".pub", "--insecure-ignore-tlog=true", tagged)
		if out, err := command.CombinedOutput(); err == nil {
			t.Errorf("%s: accepted: %s", command, out)
		}
	}
}

// verifySigned verifies the signatures of an index or image with cosign. cosign would also accept an attestation, and lists it
// too.
func (m *made) verifySigned(t *testing.T, reference string) string {
	t.Helper()
	out := tool(t, "cosign", "verify", "--key", m.public, "--insecure-ignore-tlog=true", reference)
	if !strings.Contains(out, `"type":"https://sigstore.dev/cosign/sign/v1"`) {
		t.Errorf("%s is not signed: %s", reference, out)
	}
	return out
}

// released returns the lines of images.txt.
func (m *made) released(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(m.asset(imageList))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	if len(lines) != len(m.Images) {
		t.Fatalf("images.txt has %d lines, want %d", len(lines), len(m.Images))
	}
	return lines
}

// imageHasWrapper checks that an image contains the release's binary for its architecture, with the release's version.
func (m *made) imageHasWrapper(t *testing.T, index v1.ImageIndex, of v1.Descriptor) {
	t.Helper()
	image, err := index.Image(of.Digest)
	if err != nil {
		t.Fatal(err)
	}
	files := imageFiles(t, image, "usr/sbin/iptables-wrapper")
	released, err := os.ReadFile(m.asset("iptables-wrapper-linux-" + of.Platform.Architecture))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(files["usr/sbin/iptables-wrapper"], released) {
		t.Errorf("%s: the wrapper in the image is not the released one", of.Platform)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Config.Labels["org.opencontainers.image.version"]; got != m.Version {
		t.Errorf("%s: label version %q, want %q", of.Platform, got, m.Version)
	}
}

// imageFiles returns the files of an image that match a pattern.
func imageFiles(t *testing.T, image v1.Image, pattern string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	stream := mutate.Extract(image)
	defer stream.Close()
	reader := tar.NewReader(stream)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(filepath.Clean(header.Name), "/")
		if match, err := filepath.Match(pattern, path); err != nil {
			t.Fatal(err)
		} else if !match || header.Typeflag != tar.TypeReg {
			continue
		}
		if files[path], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}
