package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// headers returns the headers of a compressed tar by name.
func headers(t *testing.T, data []byte) map[string]*tar.Header {
	t.Helper()
	stream, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*tar.Header{}
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(header.Name, "/")] = header
	}
}

// An installation over the OCI layout, whose blobs are symlinks, and over its only layer as a tar must give the same
// layer.
func TestLayoutAndTar(t *testing.T) {
	over, stderr, err := start(t, needs.Variable(t, "BASE"))
	if err != nil {
		t.Fatal(stderr)
	}
	same, stderr, err := start(t, needs.Variable(t, "BASE_TAR"))
	if err != nil {
		t.Fatal(stderr)
	}
	if !bytes.Equal(over, same) {
		t.Error("the tar gives another layer than the layout of which it is the only one")
	}
	files := headers(t, over)
	var names []string
	for name, header := range files {
		names = append(names, name)
		if header.Typeflag == tar.TypeDir {
			t.Errorf("/%s: a directory, which would replace a link in the base", name)
		}
		if header.Uid != 0 || header.Gid != 0 || header.ModTime.Unix() != 0 {
			t.Errorf("/%s: owner %d:%d, time %v", name, header.Uid, header.Gid, header.ModTime)
		}
	}
	slices.Sort(names)
	want := []string{
		"usr/sbin/ip6tables", "usr/sbin/ip6tables-restore", "usr/sbin/ip6tables-save",
		"usr/sbin/iptables", "usr/sbin/iptables-restore", "usr/sbin/iptables-save", "usr/sbin/iptables-wrapper",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("what is in the layer (-want +got):\n%s", diff)
	}
	if got := files["usr/sbin/iptables-wrapper"]; got == nil || got.Mode != 0o755 {
		t.Errorf("the wrapper is %+v", got)
	}
}

// Some images in registries have Docker's original media types. oci.pull does not change them.
func TestPulledBase(t *testing.T) {
	want, stderr, err := start(t, needs.Variable(t, "BASE"))
	if err != nil {
		t.Fatal(stderr)
	}
	names := strings.NewReplacer(
		"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
		"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
		"application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip",
	)
	layout, err := os.ReadFile(filepath.Join(needs.Variable(t, "BASE"), "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(layout))
	if err != nil {
		t.Fatal(err)
	}
	old := index.Manifests[0].Digest
	var manifest []byte
	base := copyLayout(t, needs.Variable(t, "BASE"), func(name string, data []byte) []byte {
		if name == old.Hex {
			manifest = []byte(names.Replace(string(data)))
		}
		return data
	})
	// The index must contain the new digest and size of the manifest.
	sum, size, err := v1.SHA256(bytes.NewReader(manifest))
	if err != nil || sum == old {
		t.Fatalf("the manifest of the layout did not change (%v)", err)
	}
	index.Manifests[0].Digest, index.Manifests[0].Size = sum, size
	index.Manifests[0].MediaType = types.DockerManifestSchema2
	text, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"index.json": text, "blobs/sha256/" + sum.Hex: manifest} {
		if err := os.WriteFile(filepath.Join(base, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, stderr, err := start(t, base)
	if err != nil {
		t.Fatal(stderr)
	}
	if !bytes.Equal(got, want) {
		t.Error("another layer over a base with Docker's media types")
	}
}

func TestSameBytesEverywhere(t *testing.T) {
	want, stderr, err := start(t, needs.Variable(t, "BASE"))
	if err != nil {
		t.Fatal(stderr)
	}
	got, stderr, err := start(t, needs.Variable(t, "BASE"), "WRAPPERLAYER_MAIN=open", "TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "GOMAXPROCS=1")
	if err != nil {
		t.Fatal(stderr)
	}
	if !bytes.Equal(got, want) {
		t.Error("another layer with another umask, time zone and directory for temporary files")
	}
}
