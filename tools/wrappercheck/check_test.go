package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// entry is an entry of a layer, with a symlink target or the first bytes of a file. The default mode is 0755.
type entry struct {
	name, link, content string
	hard                bool
	mode                int64
}

func program(machine elf.Machine) string {
	head := make([]byte, 64)
	copy(head, elf.ELFMAG)
	head[elf.EI_CLASS], head[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	low, high := byte(machine), byte(machine>>8)
	if machine == elf.EM_S390 {
		head[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
		low, high = high, low
	}
	head[18], head[19] = low, high
	return string(head)
}

// plain returns an image after `install` where no package owns the plain names, with a merged sbin.
func plain(machine elf.Machine) []entry {
	files := []entry{
		{name: "sbin", link: "usr/sbin"},
		{name: "usr/sbin/xtables-nft-multi", content: program(machine)},
		{name: "usr/sbin/xtables-legacy-multi", content: program(machine)},
		{name: "usr/sbin/iptables-wrapper", content: program(machine)},
	}
	for _, a := range applet.All() {
		files = append(files, entry{name: "usr/sbin/" + a.String(), link: "iptables-wrapper"})
	}
	return files
}

// registered returns an image with an alternatives database: the plain names lead to the wrapper through two symlinks.
func registered() []entry {
	var files []entry
	for _, f := range plain(elf.EM_X86_64) {
		if f.link == "iptables-wrapper" {
			base := strings.TrimPrefix(f.name, "usr/sbin/")
			files = append(files, entry{name: "etc/alternatives/" + base, link: "/sbin/iptables-wrapper"})
			f.link = "/etc/alternatives/" + base
		}
		files = append(files, f)
	}
	return files
}

// imageOf makes an image and returns its OCI layout directory.
func imageOf(t *testing.T, architecture string, layers ...[]entry) string {
	t.Helper()
	image := empty.Image
	for _, files := range layers {
		var archive bytes.Buffer
		writer := tar.NewWriter(&archive)
		for _, f := range files {
			header := &tar.Header{Name: f.name, Linkname: f.link, Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(f.content))}
			switch {
			case f.mode != 0:
				header.Mode = f.mode
			case f.hard:
				header.Typeflag = tar.TypeLink
			case f.link != "":
				header.Typeflag = tar.TypeSymlink
			case strings.HasSuffix(f.name, "/"):
				header.Typeflag = tar.TypeDir
			}
			if err := writer.WriteHeader(header); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(writer, f.content); err != nil {
				t.Fatal(err)
			}
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatal(err)
		}
	}
	image, err := mutate.ConfigFile(image, configOf(t, image, architecture))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := layout.Write(t.TempDir(), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	return string(dir)
}

func configOf(t *testing.T, image v1.Image, architecture string) *v1.ConfigFile {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	return config
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name         string
		architecture string
		layers       [][]entry
		want         []string // one substring of each problem
	}{
		{"plain links", "arm64", [][]entry{plain(elf.EM_AARCH64)}, nil},
		{"big endian", "s390x", [][]entry{plain(elf.EM_S390)}, nil},
		{"alternatives", "amd64", [][]entry{registered()}, nil},
		{"hard link to the wrapper", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables-wrapper", link: "usr/sbin/xtables-nft-multi", hard: true}}}, nil},
		{"suffixed names only", "amd64", [][]entry{plain(elf.EM_X86_64), {
			{name: "usr/sbin/.wh.xtables-nft-multi"},
			{name: "usr/sbin/iptables-nft", content: program(elf.EM_X86_64)},
		}}, nil},
		{"wrapper of another architecture", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables-wrapper", content: program(elf.EM_AARCH64)}}},
			[]string{"iptables-wrapper: EM_AARCH64, but the image is for amd64 (EM_X86_64)"}},
		{"wrapper is a script", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables-wrapper", content: "#!/bin/sh\necho this is longer than a header\n"}}},
			[]string{"iptables-wrapper: EM_NONE"}},
		{"wrapper shorter than a header", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables-wrapper", content: "short"}}},
			[]string{"iptables-wrapper: EM_NONE"}},
		{"wrapper not executable", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables-wrapper", content: program(elf.EM_X86_64), mode: 0o644}}},
			[]string{"mode 0644"}},
		{"pinned while it was built", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables", link: "xtables-nft-multi"}}},
			[]string{"/usr/sbin/iptables: leads to /usr/sbin/xtables-nft-multi, not to the wrapper"}},
		{"replaced through /sbin", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "sbin/iptables", link: "xtables-nft-multi"}}},
			[]string{"/usr/sbin/iptables: leads to /usr/sbin/xtables-nft-multi, not to the wrapper"}},
		{"a name is missing", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/.wh.ip6tables-save"}}},
			[]string{"ip6tables-save: not in /usr/sbin, /sbin, /usr/bin"}},
		{"a mode is missing", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/.wh.xtables-legacy-multi"}}},
			[]string{"legacy: mode not installed"}},
		{"two wrappers", "amd64", [][]entry{plain(elf.EM_X86_64), {
			{name: "opt/iptables-wrapper", content: program(elf.EM_X86_64)},
			{name: "usr/sbin/ip6tables-restore", link: "/opt/iptables-wrapper"},
		}}, []string{"ip6tables-restore: leads to /opt/iptables-wrapper, where others lead to"}},
		{"a loop", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/iptables", link: "iptables"}}},
			[]string{"too many symlinks"}},
		{"a directory", "amd64", [][]entry{plain(elf.EM_X86_64), {{name: "usr/sbin/.wh.iptables"}}, {{name: "usr/sbin/iptables/"}}},
			[]string{"not a file"}},
		{"nothing installed", "amd64", [][]entry{{{name: "etc/passwd", content: "root"}}},
			[]string{"iptables: not in", "iptables-save: not in", "iptables-restore: not in", "ip6tables: not in", "ip6tables-save: not in", "ip6tables-restore: not in"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := check(imageOf(t, test.architecture, test.layers...), false)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			for i, part := range test.want {
				if !strings.Contains(got[i], part) {
					t.Errorf("got %q, want %q in it", got[i], part)
				}
			}
		})
	}
}

func TestUnknownArchitecture(t *testing.T) {
	if _, err := check(imageOf(t, "mips64", plain(elf.EM_MIPS)), false); err == nil || !strings.Contains(err.Error(), `"mips64"`) {
		t.Errorf("got %v, want an error that names the architecture", err)
	}
}

// In Bazel's sandbox, every file of a directory is a symlink.
func TestOpenFollowsLinks(t *testing.T) {
	stored, linked := imageOf(t, "amd64", plain(elf.EM_X86_64)), t.TempDir()
	if err := os.CopyFS(linked, os.DirFS(stored)); err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(linked, "blobs/sha256/*"))
	if err != nil || len(blobs) == 0 {
		t.Fatalf("blobs: %q, %v", blobs, err)
	}
	for _, name := range blobs {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(stored, "blobs/sha256", filepath.Base(name)), name); err != nil {
			t.Fatal(err)
		}
	}
	if problems, err := check(linked, false); err != nil || len(problems) > 0 {
		t.Errorf("got %q, %v", problems, err)
	}
}

func TestOpenRefusals(t *testing.T) {
	if _, err := check(t.TempDir(), false); err == nil || !strings.Contains(err.Error(), "no OCI layout") {
		t.Errorf("empty directory: %v", err)
	}
	dir := t.TempDir()
	if _, err := layout.Write(dir, empty.Index); err != nil {
		t.Fatal(err)
	}
	if _, err := check(dir, false); err == nil || !strings.Contains(err.Error(), "not one image") {
		t.Errorf("layout without an image: %v", err)
	}
}

func TestNFTOnly(t *testing.T) {
	both := imageOf(t, "amd64", plain(elf.EM_X86_64))
	if got, err := check(both, true); err != nil || len(got) != 1 || !strings.Contains(got[0], "xtables-legacy-multi: there, though") {
		t.Errorf("an image with both modes: %q, %v", got, err)
	}
	one := imageOf(t, "amd64", plain(elf.EM_X86_64), []entry{{name: "usr/sbin/.wh.xtables-legacy-multi"}})
	if got, err := check(one, true); err != nil || len(got) != 0 {
		t.Errorf("an image with nft alone: %q, %v", got, err)
	}
	none := imageOf(t, "amd64", plain(elf.EM_X86_64), []entry{{name: "usr/sbin/.wh.xtables-nft-multi"}, {name: "usr/sbin/.wh.xtables-legacy-multi"}})
	if got, err := check(none, true); err != nil || len(got) != 1 || !strings.Contains(got[0], "nft: mode not installed") {
		t.Errorf("an image without a mode: %q, %v", got, err)
	}
}
