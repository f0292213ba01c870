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

// An entry is one of a layer's. text is a file's content.
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

// program is a file that starts as an ELF program for amd64 does.
func program(text string) string {
	var header bytes.Buffer
	_ = binary.Write(&header, binary.LittleEndian, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phentsize: 56, Shentsize: 64,
	})
	return header.String() + "\x00" + text + "\x00"
}

// iptables is an image with both modes and no alternatives database.
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

// pack makes a compressed layer. It is written without archive/tar's consent to what a good layer contains.
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

// over runs the program over a base of one layer, and returns the layer that it made.
func over(t testing.TB, base []byte) ([]byte, error) {
	t.Helper()
	folder := t.TempDir()
	layer := filepath.Join(folder, "layer.tar.gz")
	for name, data := range map[string][]byte{"base.tar": base, "wrapper": []byte(program("the wrapper"))} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := run([]string{"--output", layer, "--wrapper", filepath.Join(folder, "wrapper"), "--base", filepath.Join(folder, "base.tar")})
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(layer)
	if err != nil {
		t.Fatal(err)
	}
	return data, nil
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

// A base image cannot reach the build machine's directories. Where a container engine would apply the layer, so does the program, with
// the image's own root as the root.
func TestBaseCannotDeleteOutside(t *testing.T) {
	for name, attack := range map[string]func(out string) []entry{
		"opaque whiteout through a hard link to a symlink": func(out string) []entry {
			return []entry{link("a", out), pipe("b/victim"), hard("b", "a"), file("b/.wh..wh..opq", "")}
		},
		"whiteout through a hard link to a symlink": func(out string) []entry {
			return []entry{link("a", out), pipe("b/victim"), hard("b", "a"), file("b/.wh.victim", "")}
		},
		"symlink for the directory of a pipe": func(out string) []entry {
			return []entry{pipe("a/victim"), link("a", out), dir("./a")}
		},
		"whiteout through a symlink": func(out string) []entry {
			return []entry{link("a", out), file("a/.wh.victim", ""), file("a/.wh..wh..opq", "")}
		},
		"file through a symlink": func(out string) []entry {
			return []entry{link("a", out), file("a/victim", "x"), file("a/other", "x"), dir("a/more")}
		},
		"file over a symlink": func(out string) []entry {
			return []entry{link("a", out+"/victim"), file("a", "x"), link("b", out+"/other"), file("b", "x")}
		},
		"file over a hard link to a symlink": func(out string) []entry {
			return []entry{link("a", out+"/victim"), hard("b", "a"), file("b", "x")}
		},
		"programs in a directory outside": func(out string) []entry {
			return []entry{dir("usr/sbin2"), link("usr/sbin3", out), hard("usr/sbin2", "usr/sbin3"), file("usr/sbin2/iptables", "x")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, check := canary(t)
			data, err := over(t, pack(t, append(attack(out), iptables()...)...))
			check()
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			if len(headers(t, data)) != 7 {
				t.Errorf("the layer contains %v", headers(t, data))
			}
		})
	}
}

// What the installer reads of the base is the base's own, whatever links lead to it.
func TestBaseCannotReadOutside(t *testing.T) {
	for name, attack := range map[string]func(out string) []entry{
		"hard link below a hard link to a symlink": func(out string) []entry {
			return []entry{link("a", out), hard("b", "a"), hard("var/lib/dpkg/alternatives/iptables", "b/victim")}
		},
		"hard link below a symlink": func(out string) []entry {
			return []entry{link("a", out), hard("var/lib/dpkg/alternatives/iptables", "a/victim")}
		},
		"hard link to a symlink": func(out string) []entry {
			return []entry{link("a", out+"/victim"), hard("var/lib/dpkg/alternatives/iptables", "a")}
		},
		"symlink": func(out string) []entry {
			return []entry{link("var/lib/dpkg/alternatives/iptables", out+"/victim")}
		},
		"directory": func(out string) []entry {
			return []entry{link("a", out), hard("var/lib/dpkg/alternatives", "a"), link(out[1:]+"/iptables", "victim")}
		},
		"program": func(out string) []entry {
			return []entry{link("a", out), hard("usr/sbin/xtables-nft-multi", "a/victim")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, check := canary(t)
			data, err := over(t, pack(t, append(iptables(), attack(out)...)...))
			check()
			if err != nil {
				t.Logf("refused: %v", err)
				if strings.Contains(err.Error(), "machine's secret") {
					t.Error("the message contains the secret")
				}
				return
			}
			stream, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(stream)
			if err != nil || bytes.Contains(text, []byte(secret)) {
				t.Errorf("the layer contains the secret (%v)", err)
			}
		})
	}
}
