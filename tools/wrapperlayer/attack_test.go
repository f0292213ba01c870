package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// entry is an entry of a layer. text is a file's content.
type entry struct {
	tar.Header
	text string
}

func file(name, text string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(text))}, text}
}

func dir(name string) entry {
	return entry{tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755}, ""}
}

func link(name, target string) entry {
	return entry{tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, ""}
}

func hard(name, target string) entry {
	return entry{tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644}, ""}
}

func pipe(name string) entry {
	return entry{tar.Header{Typeflag: tar.TypeFifo, Name: name, Mode: 0o644}, ""}
}

// program returns a file that starts like an ELF program for amd64.
func program(text string) string {
	var header bytes.Buffer
	_ = binary.Write(&header, binary.LittleEndian, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phentsize: 56, Shentsize: 64,
	})
	return header.String() + "\x00" + text + "\x00"
}

// iptables returns an image with both modes and no alternatives database.
func iptables() []entry {
	entries := []entry{
		dir("usr"), dir("usr/sbin"),
		file("usr/sbin/xtables-nft-multi", program("1.8.11 (nf_tables)")),
		file("usr/sbin/xtables-legacy-multi", program("1.8.11 (legacy)")),
	}
	for _, a := range applet.All() {
		entries = append(entries, link("usr/sbin/"+a.String(), "xtables-nft-multi"))
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			entries = append(entries, link("usr/sbin/"+a.In(m), "xtables-"+m.String()+"-multi"))
		}
	}
	return entries
}

// pack makes a compressed layer.
func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	files := tar.NewWriter(compressed)
	for _, e := range entries {
		if err := files.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(files, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// over runs the program on a base of one layer, unpacked on disk and, if the test may mount, in memory. It returns the
// layer that the program made.
func over(t testing.TB, base []byte) ([]byte, error) {
	t.Helper()
	directory := t.TempDir()
	for name, data := range map[string][]byte{"base.tar": base, "wrapper": []byte(program("the wrapper"))} {
		if err := os.WriteFile(filepath.Join(directory, name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	memory := inMemory
	defer func() { inMemory = memory }()
	var layers [2][]byte
	for i, most := range []int64{0, memory} {
		inMemory = most
		layer := filepath.Join(directory, "layer.tar.gz")
		err := run([]string{"--output", layer, "--wrapper", filepath.Join(directory, "wrapper"), "--base", filepath.Join(directory, "base.tar")})
		if err != nil {
			return nil, err
		}
		if layers[i], err = os.ReadFile(layer); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(layers[0], layers[1]) {
		t.Error("one layer by a disk, another in memory")
	}
	return layers[0], nil
}

// canary is a directory of the build machine with a secret, which no base may read or change.
const secret = "the build machine's secret\nanother line\n"

func canary(t testing.TB) (dir string, check func()) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "victim"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, func() {
		t.Helper()
		names, err := os.ReadDir(dir)
		if err != nil || len(names) != 1 || names[0].Name() != "victim" {
			t.Errorf("the directory outside contains %v (%v), want the victim alone", names, err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "victim")); err != nil || string(text) != secret {
			t.Errorf("the file outside contains %q (%v)", text, err)
		}
	}
}

// attack describes the hostile part of a base, in addition to iptables.
type attack struct {
	entries func(out string) []entry
	refused string // part of the expected message; empty if the entries are applied inside the image, as a container engine does
}

// try runs the program on a base with an attack. Nothing outside the base may be read or changed, whether the program
// refuses the base or not.
func (a attack) try(t *testing.T, base func(attack []entry) []entry) {
	out, check := canary(t)
	data, err := over(t, pack(t, base(a.entries(out))...))
	check()
	if err != nil {
		if strings.Contains(err.Error(), "machine's secret") {
			t.Error("the message contains the secret")
		}
		if a.refused == "" || !strings.Contains(err.Error(), a.refused) {
			t.Errorf("error %v, want one with %q", err, a.refused)
		}
		return
	}
	if a.refused != "" {
		t.Errorf("not refused, want an error with %q", a.refused)
	}
	stream, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(stream); err != nil || bytes.Contains(text, []byte("machine's secret")) {
		t.Errorf("the layer contains the secret (%v)", err)
	}
	if files := headers(t, data); len(files) != 7 {
		t.Errorf("the layer contains %v", files)
	}
}

func TestBaseCannotChangeOutside(t *testing.T) {
	for name, a := range map[string]attack{
		"opaque whiteout through a hard link to a symlink": {func(out string) []entry {
			return []entry{link("a", out), pipe("b/victim"), hard("b", "a"), file("b/.wh..wh..opq", "")}
		}, ""},
		"whiteout through a hard link to a symlink": {func(out string) []entry {
			return []entry{link("a", out), pipe("b/victim"), hard("b", "a"), file("b/.wh.victim", "")}
		}, ""},
		"symlink for the directory of a pipe": {func(out string) []entry {
			return []entry{pipe("a/victim"), link("a", out), dir("./a")}
		}, ""},
		"whiteouts through a symlink": {func(out string) []entry {
			return []entry{link("a", out), file("a/.wh.victim", ""), file("a/.wh..wh..opq", "")}
		}, ""},
		"files through a symlink": {func(out string) []entry {
			return []entry{link("a", out), file("a/victim", "x"), file("a/other", "x"), dir("a/more")}
		}, ""},
		"files over symlinks": {func(out string) []entry {
			return []entry{link("a", out+"/victim"), file("a", "x"), link("b", out+"/other"), file("b", "x")}
		}, ""},
		"file over a hard link to a symlink": {func(out string) []entry {
			return []entry{link("a", out+"/victim"), hard("b", "a"), file("b", "x")}
		}, ""},
		"whiteout of ..": {func(string) []entry { return []entry{file("a/.wh...", "")} }, "invalid whiteout name"},
	} {
		t.Run(name, func(t *testing.T) {
			a.try(t, func(attack []entry) []entry { return append(attack, iptables()...) })
		})
	}
}

// The installer reads and changes only files of the base, whatever the base's symlinks point to.
func TestBaseCannotReadOutside(t *testing.T) {
	const state = "var/lib/dpkg/alternatives/iptables"
	for name, a := range map[string]attack{
		"hard link below a hard link to a symlink": {func(out string) []entry {
			return []entry{link("a", out), hard("b", "a"), hard(state, "b/victim")}
		}, "hard link: /b/victim: file does not exist"},
		"hard link below a symlink": {func(out string) []entry {
			return []entry{link("a", out), hard(state, "a/victim")}
		}, "hard link: /a/victim: file does not exist"},
		"program that is such a hard link": {func(out string) []entry {
			return []entry{link("a", out), hard("usr/sbin/xtables-nft-multi", "a/victim")}
		}, "hard link: /a/victim: file does not exist"},
		"hard link to a symlink": {func(out string) []entry {
			return []entry{link("a", out+"/victim"), hard(state, "a")}
		}, ""},
		"symlink": {func(out string) []entry {
			return []entry{link(state, out+"/victim")}
		}, ""},
		"directory that is a symlink": {func(out string) []entry {
			return []entry{link("var/lib/dpkg/alternatives", out), link(out[1:]+"/iptables", "victim")}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a.try(t, func(attack []entry) []entry { return append(iptables(), attack...) })
		})
	}
}
