package installer

import (
	"bytes"
	"cmp"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// program contains the fields of an ELF file that install checks. (Package debug/elf would make the wrapper much larger.)
type program struct {
	machine
	data        []byte
	interpreter string   // PT_INTERP, empty in a static program
	needed      []string // DT_NEEDED
	runpath     []string // directories of DT_RUNPATH or DT_RPATH
}

// machine must be equal in all binaries of one root: word size, byte order and instruction set.
type machine struct {
	class, order byte
	number       uint16
}

// known returns Go's name of the architecture and Debian's name of its library directory. The numbers are those of elf.h.
func (m machine) known() (name, triplet string) {
	known := map[uint16][2]string{
		3:   {"386", "i386-linux-gnu"},
		21:  {"ppc64le", "powerpc64le-linux-gnu"},
		22:  {"s390x", "s390x-linux-gnu"},
		40:  {"arm", "arm-linux-gnueabihf"},
		62:  {"amd64", "x86_64-linux-gnu"},
		183: {"arm64", "aarch64-linux-gnu"},
		243: {"riscv64", "riscv64-linux-gnu"},
		258: {"loong64", "loongarch64-linux-gnu"},
	}[m.number]
	return cmp.Or(known[0], "ELF machine "+strconv.Itoa(int(m.number))), known[1]
}

func (m machine) String() string { name, _ := m.known(); return name }

// elf reads the fields of an ELF file. Bytes beyond the end of the file are zero.
type elf struct {
	data []byte
	big  bool   // big-endian
	word uint64 // size of an address
}

// number reads a field.
func (f *elf) number(offset, size uint64) (n uint64) {
	for i := range size {
		at := offset + i
		if !f.big {
			at = offset + size - 1 - i
		}
		n <<= 8
		if at < uint64(len(f.data)) {
			n |= uint64(f.data[at])
		}
	}
	return n
}

func (f *elf) text(offset uint64) string {
	text, _, _ := bytes.Cut(f.data[min(offset, uint64(len(f.data))):], []byte{0})
	return string(text[:min(len(text), 4096)])
}

// parseELF reads the headers: e_ident, e_machine, the program headers PT_LOAD, PT_DYNAMIC and PT_INTERP, and the dynamic section.
func parseELF(data []byte) (program, error) {
	if len(data) < 20 || string(data[:4]) != "\x7fELF" || (data[5] != 1 && data[5] != 2) {
		return program{}, errors.New("is not an ELF file")
	}
	f := &elf{data, data[5] == 2, 8}
	headers, size, count := uint64(32), uint64(54), uint64(56)
	if data[4] == 1 {
		f.word, headers, size, count = 4, 28, 42, 44
	}
	p := program{machine: machine{data[4], data[5], uint16(f.number(18, 2))}, data: data}
	var loads [][3]uint64 // file offset, address, size
	dynamic := uint64(0)
	for i := range f.number(count, 2) {
		at := f.number(headers, f.word) + i*f.number(size, 2)
		offset := f.number(at+f.word, f.word) // p_flags is after p_type in the 64-bit format
		switch f.number(at, 4) {
		case 1:
			loads = append(loads, [3]uint64{offset, f.number(at+2*f.word, f.word), f.number(at+4*f.word, f.word)})
		case 2:
			dynamic = offset
		case 3:
			p.interpreter = f.text(offset)
		}
	}
	if dynamic == 0 {
		return p, nil
	}
	table := uint64(0) // of strings
	for _, address := range f.entries(dynamic, 5) {
		for _, l := range loads {
			if address >= l[1] && address-l[1] < l[2] {
				table = l[0] + address - l[1]
			}
		}
	}
	for _, n := range f.entries(dynamic, 1) {
		p.needed = append(p.needed, f.text(table+n))
	}
	for _, n := range f.entries(dynamic, 15, 29) {
		p.runpath = append(p.runpath, split(f.text(table+n))...)
	}
	return p, nil
}

// Interpreter returns the ELF interpreter of a binary, or "" if it has none or cannot be read.
func Interpreter(root *rootfs.Root, file string) string {
	binary, _ := root.ReadFile(file, maxBinary)
	p, _ := parseELF(binary.Data)
	return p.interpreter
}

// entries returns the values that have one of the tags, in the dynamic section that begins at offset at. It limits their number,
// because the file may be hostile.
func (f *elf) entries(at uint64, tags ...uint64) (values []uint64) {
	for tag := f.number(at, f.word); tag != 0 && len(values) < 100; tag = f.number(at, f.word) {
		if slices.Contains(tags, tag) {
			values = append(values, f.number(at+f.word, f.word))
		}
		at += 2 * f.word
	}
	return values
}

// split splits a list of directories.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == '\n' })
}

// warnMissing warns of shared libraries that a binary needs and that are in none of the directories that the dynamic linker of its
// C library searches.
func (p *plan) warnMissing(file string, b program) {
	_, triplet := b.known()
	dirs := append(b.runpath, "/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/lib/"+triplet, "/usr/lib/"+triplet)
	if arch, musl := strings.CutPrefix(path.Base(b.interpreter), "ld-musl-"); musl {
		arch, _, _ = strings.Cut(arch, ".")
		list, _ := p.Root.ReadFile("/etc/ld-musl-"+arch+".path", maxText)
		dirs = append(dirs, split(string(list.Data))...)
	}
	cache, _ := p.Root.ReadFile("/etc/ld.so.cache", maxBinary) // of glibc, built from /etc/ld.so.conf
	for _, name := range b.needed {
		places := dirs
		if before, _, found := bytes.Cut(cache.Data, []byte("/"+name+"\x00")); found {
			places = append(places, string(before[bytes.LastIndexByte(before, 0)+1:]))
		}
		if !slices.ContainsFunc(places, func(dir string) bool {
			if rest, own := strings.CutPrefix(dir, "$ORIGIN"); own {
				dir = path.Dir(file) + rest
			}
			_, err := p.Root.Stat(dir + "/" + name)
			return err == nil
		}) {
			p.warn(file, " needs ", name, ", which is in none of the usual directories: install the package that contains it")
		}
	}
}
