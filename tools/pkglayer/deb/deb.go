// Package deb reads Debian binary packages (deb(5)): an ar archive of debian-binary, control.tar and data.tar.
package deb

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Read reads one package. Control contains the members of control.tar by base name.
func Read(r io.Reader, limits archive.Limits) (*archive.Package, error) {
	meter := archive.NewMeter(limits)
	members, err := newArReader(r)
	if err != nil {
		return nil, err
	}
	version, err := members.expect("debian-binary")
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(version)
	if err != nil {
		return nil, fmt.Errorf("debian-binary: %w", err)
	}
	if !strings.HasPrefix(string(text), "2.") {
		return nil, fmt.Errorf("debian-binary: format %q, not 2.x", text)
	}
	pkg := &archive.Package{Control: map[string][]byte{}}
	controlFiles, err := members.readTar("control.tar", meter)
	if err != nil {
		return nil, err
	}
	for _, file := range controlFiles {
		if file.Type == archive.Regular && !strings.Contains(file.Name, "/") {
			pkg.Control[file.Name] = file.Data
		}
	}
	if pkg.Files, err = members.readTar("data.tar", meter); err != nil {
		return nil, err
	}
	fields, err := Paragraph(pkg.Control["control"])
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	pkg.Name, pkg.Version, pkg.Architecture, pkg.Source = fields["Package"], fields["Version"], fields["Architecture"], fields["Source"]
	return pkg, pkg.Validate()
}

// readTar reads the next member, which must be the named tar with any compression suffix.
func (a *arReader) readTar(name string, meter *archive.Meter) ([]archive.File, error) {
	member, err := a.expect(name)
	if err != nil {
		return nil, err
	}
	// The suffixes of deb(5), and those that deb(5) no longer lists. Decompress uses the content, not the suffix; this
	// check only gives a clearer message.
	if suffix := strings.TrimPrefix(a.name, name); !slices.Contains([]string{"", ".gz", ".xz", ".zst", ".bz2", ".lzma"}, suffix) {
		return nil, fmt.Errorf("ar member %s: compression %q is not known, only .gz, .xz, .zst, .bz2 and .lzma", a.name, suffix)
	}
	stream, err := archive.Decompress(member)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer stream.Close()
	// dpkg refuses PAX headers. A .deb therefore has no extended attributes; its postinst sets them.
	files, err := archive.ReadTar(stream, meter, false)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	// Read to the end of the compressed stream, because its checksum is there.
	if _, err := io.Copy(io.Discard, meter.Reader(stream)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return files, nil
}

// Paragraph parses the fields of one deb822(5) paragraph. Values keep their continuation lines. The time is linear in the size of
// the text, which a mirror or a package chooses.
func Paragraph(text []byte) (map[string]string, error) {
	fields := map[string]string{}
	rest := bytes.TrimRight(text, "\n")
	for field := []byte(nil); rest != nil || len(fields) == 0; {
		field, rest = cutField(rest)
		line, more, _ := strings.Cut(string(field), "\n")
		switch {
		case line == "":
			return nil, fmt.Errorf("empty line inside the paragraph")
		case line[0] == ' ' || line[0] == '\t':
			return nil, fmt.Errorf("continuation line %q before any field", line)
		}
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" {
			return nil, fmt.Errorf("line %q is no field", line)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("field %s: twice", name)
		}
		if value = strings.TrimSpace(value); len(field) > len(line) {
			value += "\n" + more
		}
		fields[name] = value
	}
	return fields, nil
}

// cutField returns the first line with its continuation lines, and what follows them, which is nil after the last field.
func cutField(text []byte) (field, rest []byte) {
	for end := 0; ; end++ {
		next := bytes.IndexByte(text[end:], '\n')
		if next < 0 {
			return text, nil
		}
		if end += next; end+1 == len(text) || text[end+1] != ' ' && text[end+1] != '\t' {
			return text[:end], text[end+1:]
		}
	}
}
