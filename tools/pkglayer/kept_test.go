package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/origin"
)

// An absolute symlink is resolved inside the image, so a file behind it stays in the layer.
func TestLinksStayInTheImage(t *testing.T) {
	outside := t.TempDir()
	for format, data := range formats(t,
		entry{tar.Header{Typeflag: tar.TypeSymlink, Name: "away", Linkname: outside}, ""},
		entry{tar.Header{Typeflag: tar.TypeSymlink, Name: "up", Linkname: "../../../../usr"}, ""},
		entry{tar.Header{Name: "away/file", Mode: 0o644}, "x"},
		entry{tar.Header{Name: "up/file", Mode: 0o644}, "x"},
	) {
		t.Run(format, func(t *testing.T) {
			stderr, left, err := layers(t, nil, save(t, "links"+format, data))
			if err != nil {
				t.Fatal(err, stderr)
			}
			var names []string
			for _, header := range headers(t, left[0]) {
				names = append(names, header.Name)
			}
			for _, want := range []string{"away", "up", strings.TrimPrefix(outside, "/") + "/file", "usr/file"} {
				if !slices.Contains(names, want) {
					t.Errorf("no %s in %q", want, names)
				}
			}
			if inside, err := os.ReadDir(outside); err != nil || len(inside) > 0 {
				t.Errorf("%s has %v, error %v", outside, inside, err)
			}
		})
	}
}

func TestPermissionsSurvive(t *testing.T) {
	const capability = "\x01\x00\x00\x02\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	setuid := tool("x")
	setuid.Mode = 0o4755
	for format, data := range formats(t, setuid) {
		t.Run("setuid"+format, func(t *testing.T) { checkTool(t, save(t, "setuid"+format, data), 0o4755, "") })
	}
	setuid.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": capability}
	data := pack(t, true, setuid)
	t.Run("capability.deb", func(t *testing.T) {
		if stderr, _, err := layers(t, nil, save(t, "caps.deb", debOf(t, data))); err == nil || !strings.Contains(stderr, "PAX header") {
			t.Errorf("a .deb that dpkg refuses: %v, %s", err, stderr)
		}
	})
	t.Run("capability.apk", func(t *testing.T) { checkTool(t, save(t, "caps.apk", apkOf(t, data)), 0o4755, capability) })
}

func checkTool(t *testing.T, path string, mode int64, capability string) {
	t.Helper()
	stderr, left, err := layers(t, nil, path)
	if err != nil {
		t.Fatal(err, stderr)
	}
	for _, header := range headers(t, left[0]) {
		if header.Name != "usr/bin/tool" {
			continue
		}
		if header.Mode != mode || header.PAXRecords["SCHILY.xattr.security.capability"] != capability {
			t.Errorf("mode %04o, records %q", header.Mode, header.PAXRecords)
		}
		return
	}
	t.Error("the file is not in the layer")
}

func headers(t *testing.T, path string) []*tar.Header {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stream, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []*tar.Header
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if err != nil {
			return all
		}
		all = append(all, header)
	}
}

// TestOrigins checks the file that tools/release reads. The sums are those of the package files.
func TestOrigins(t *testing.T) {
	for format, want := range map[string]origin.Origin{
		".deb": {Source: "", Licenses: []string{"GPL-2"}},
		".apk": {Source: "example-source", Licenses: []string{"GPL-2.0-only"}},
		".rpm": {Source: "example-1.2-3.src.rpm", Licenses: []string{"ISC"}},
	} {
		t.Run(format, func(t *testing.T) {
			copyright := "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-2\n"
			data := formats(t, entry{tar.Header{Name: "usr/share/doc/example/copyright", Mode: 0o644}, copyright})[format]
			want.SHA256 = fmt.Sprintf("%x", sha256.Sum256(data))
			stderr, left, err := run(t, nil, []string{"--origins=DIR/origins.json"}, []string{save(t, "example"+format, data)})
			if err != nil || len(left) != 2 {
				t.Fatal(err, stderr, left)
			}
			text, err := os.ReadFile(left[1])
			if err != nil {
				t.Fatal(err)
			}
			got, err := origin.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]origin.Origin{want.SHA256: want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The layer must have the same bytes in another directory, time zone, locale and umask, and from a package file with
// another modification time.
func TestSameBytesEverywhere(t *testing.T) {
	for format, data := range formats(t, tool("content"), entry{tar.Header{Name: "etc/config", Mode: 0o600}, "a"}) {
		t.Run(format, func(t *testing.T) {
			var want []byte
			for _, env := range [][]string{
				{"TZ=UTC", "LANG=C", "TMPDIR=" + t.TempDir()},
				{"TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "TMPDIR=" + t.TempDir(), "GOMAXPROCS=1", "PKGLAYER_MAIN=open"},
			} {
				path := save(t, "same"+format, data)
				if want != nil {
					if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
						t.Fatal(err)
					}
				}
				stderr, left, err := layers(t, env, path)
				if err != nil {
					t.Fatal(err, stderr)
				}
				got, err := os.ReadFile(left[0])
				if err != nil {
					t.Fatal(err)
				}
				if want != nil && !bytes.Equal(got, want) {
					t.Error("another layer the second time")
				}
				want = got
			}
		})
	}
}
