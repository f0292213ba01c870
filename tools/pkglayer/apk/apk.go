// Package apk reads Alpine packages of format version 2: up to three concatenated gzip streams, each a part of a tar
// archive. The parts are signatures, control (.PKGINFO and scripts) and data.
package apk

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Names in Control.
const (
	InfoFile = ".PKGINFO"
	// Identity is not a file. It contains "Q1" and the base64 SHA-1 of the control stream, which identifies a package
	// in apk's database.
	Identity = "identity"
	// Size is not a file. It contains the package's size in bytes, as text.
	Size = "size"
)

// Read reads one package, and compares its data stream with the checksum in the control stream. It does not verify
// signatures: the sha256 in the lock covers the whole file.
func Read(r io.Reader, limits archive.Limits) (*archive.Package, error) {
	whole, err := archive.ReadWhole(r)
	if err != nil {
		return nil, err
	}
	meter := archive.NewMeter(limits)
	pkg := &archive.Package{Control: map[string][]byte{Size: strconv.AppendInt(nil, int64(len(whole)), 10)}}
	for rest := whole; len(rest) > 0 && pkg.Control[InfoFile] == nil; {
		files, stream, err := readStream(rest, meter)
		if err != nil {
			return nil, fmt.Errorf("control: %w", err)
		}
		rest = rest[len(stream):]
		for _, file := range files {
			if file.Type != archive.Regular || !strings.HasPrefix(file.Name, ".") {
				return nil, fmt.Errorf("file /%s: before %s", file.Name, InfoFile)
			}
			pkg.Control[file.Name] = file.Data
		}
		if pkg.Control[InfoFile] == nil {
			continue
		}
		sum := sha1.Sum(stream)
		pkg.Control[Identity] = []byte("Q1" + base64.StdEncoding.EncodeToString(sum[:]))
		whole = rest
	}
	info, err := ParseInfo(pkg.Control[InfoFile])
	if err != nil {
		return nil, err
	}
	if stated := info.First("datahash"); stated != "" {
		if sum := sha256.Sum256(whole); hex.EncodeToString(sum[:]) != stated {
			return nil, errors.New("data: truncated or corrupt: not the sum that .PKGINFO states")
		}
	}
	data, _, err := readStream(whole, meter)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	pkg.Files = data
	pkg.Name, pkg.Version, pkg.Architecture = info.First("pkgname"), info.First("pkgver"), info.First("arch")
	pkg.Source, pkg.License = info.First("origin"), info.First("license")
	return pkg, pkg.Validate()
}

// readStream reads the tar in the first gzip stream of compressed, and returns the compressed bytes of that stream.
// Only the last stream of a package ends with the end marks of a tar.
func readStream(compressed []byte, meter *archive.Meter) ([]archive.File, []byte, error) {
	source := bytes.NewReader(compressed)
	stream, err := gzip.NewReader(source)
	if err != nil {
		return nil, nil, fmt.Errorf("gzip: %w", err)
	}
	stream.Multistream(false)
	files, err := archive.ReadTar(stream, meter, true)
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.Copy(io.Discard, meter.Reader(stream)); err != nil {
		return nil, nil, fmt.Errorf("gzip: %w", err)
	}
	return files, compressed[:len(compressed)-source.Len()], nil
}

// Info is a parsed .PKGINFO. It consists of lines "key = value"; a key may repeat.
type Info map[string][]string

// ParseInfo parses a .PKGINFO file.
func ParseInfo(text []byte) (Info, error) {
	if len(text) == 0 {
		return nil, fmt.Errorf("%s: missing", InfoFile)
	}
	info := Info{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, found := strings.Cut(line, " = ")
		if !found {
			if key, found = strings.CutSuffix(line, " ="); !found {
				return nil, fmt.Errorf("%s: line %q: no key and value", InfoFile, line)
			}
		}
		info[key] = append(info[key], value)
	}
	return info, nil
}

// First returns the key's first value, or "".
func (i Info) First(key string) string {
	if len(i[key]) == 0 {
		return ""
	}
	return i[key][0]
}

// Joined returns all values of a key, separated by spaces.
func (i Info) Joined(key string) string { return strings.Join(i[key], " ") }
