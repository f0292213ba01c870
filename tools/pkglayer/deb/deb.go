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
	pkg.Name, pkg.Version, pkg.Architecture = fields["Package"], fields["Version"], fields["Architecture"]
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

// Paragraph parses the fields of one deb822(5) paragraph. Values keep their continuation lines.
func Paragraph(text []byte) (map[string]string, error) {
	fields := map[string]string{}
	last := ""
	for _, line := range bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n")) {
		if len(line) == 0 {
			return nil, fmt.Errorf("empty line inside the paragraph")
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last == "" {
				return nil, fmt.Errorf("continuation line %q before any field", line)
			}
			fields[last] += "\n" + string(line)
			continue
		}
		name, value, found := strings.Cut(string(line), ":")
		if !found || name == "" {
			return nil, fmt.Errorf("line %q is no field", line)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("field %s: twice", name)
		}
		fields[name] = strings.TrimSpace(value)
		last = name
	}
	return fields, nil
}
