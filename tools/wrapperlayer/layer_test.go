package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// headers lists a compressed tar.
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

// Over the layout, whose blobs are links, and over its one layer as a tar, the same is installed.
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

// Registries also have images whose parts are called as Docker called them first, and oci.pull leaves them so.
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
	changed := 0
	base := copyLayout(t, needs.Variable(t, "BASE"), func(_ string, data []byte) []byte {
		if !bytes.HasPrefix(data, []byte("{")) {
			return data
		}
		text := names.Replace(string(data))
		if text != string(data) {
			changed++
		}
		return []byte(text)
	})
	if changed < 2 {
		t.Fatalf("%d files of the layout changed, want its index and its manifest", changed)
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
		t.Error("another layer with another umask, time zone and folder for temporary files")
	}
}
