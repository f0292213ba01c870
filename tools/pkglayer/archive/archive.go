// Package archive holds what the readers of all three package formats have in common: the files of one package, the
// names they may have, and the limits that a package is read within.
//
// A package is input from outside. Its sha256 is pinned, but the lock that pins it came from a mirror, so nothing here
// trusts a length, a name or a type that the package states.
package archive

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode"
)

// Type is the kind of a file in a package.
type Type byte

// The kinds of file that an image layer of ours can hold. Device nodes and sockets have no place in one.
const (
	Regular Type = iota + 1
	Directory
	Symlink
	Hardlink // Link names another file of the same package
)

// Permissions beyond the nine usual bits, as in a tar header.
const (
	SetUID int64 = 0o4000
	SetGID int64 = 0o2000
	Sticky int64 = 0o1000
)

// File is one entry of a package.
type File struct {
	Name   string // relative to the root, clean, never "."
	Type   Type
	Mode   int64 // permission bits, at most 0o7777
	UID    int
	GID    int
	User   string // when set, the owner's name, which the layer resolves instead of UID
	Group  string // likewise
	Link   string // symlink target as it stands, or the hard link's file name
	Data   []byte
	Xattrs map[string]string // extended attributes, such as security.capability
}

// Package is one package, read completely.
type Package struct {
	Name         string
	Version      string
	Architecture string
	Files        []File
	// Control holds the format's own metadata members by name: Debian's control, md5sums and conffiles, Alpine's
	// .PKGINFO; for RPM the single line of the container manifest.
	Control map[string][]byte
}

// ManifestLine is the entry of Control with an RPM package's line of a container manifest: the query format that distroless
// images of RPM distributions use, whose ten fields scanners parse.
const ManifestLine = "manifest"

// Limits bound what reading one package or image may cost.
type Limits struct {
	Files int           // entries
	Bytes int64         // all data after decompression
	Time  time.Duration // from NewMeter on; 0 means no limit
}

// DefaultLimits are several times what the largest package of a base image (glibc, with every charset module) needs.
func DefaultLimits() Limits {
	return Limits{Files: 20_000, Bytes: 256 << 20, Time: 5 * time.Minute}
}

// maxPackage bounds the compressed size of a package that is held in memory, because its checksums are over compressed
// bytes. No iptables package of any distribution reaches 1 MB, no glibc 20.
const maxPackage = 128 << 20

// ReadWhole reads a compressed package into memory, and fails with ErrTooLarge if it is none that an image could need.
func ReadWhole(r io.Reader) ([]byte, error) {
	whole, err := io.ReadAll(io.LimitReader(r, maxPackage+1))
	if err != nil {
		return nil, err
	}
	if len(whole) > maxPackage {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxPackage)
	}
	return whole, nil
}

// Meter compares with its limits what is read of a package or an image.
type Meter struct {
	limits Limits
	files  int
	bytes  int64
	start  time.Time
}

// NewMeter returns a Meter that has counted nothing.
func NewMeter(limits Limits) *Meter { return &Meter{limits: limits, start: time.Now()} }

// ErrTooLarge is the error of everything that exceeds its limits.
var ErrTooLarge = errors.New("too large")

// Reader passes r through and fails with ErrTooLarge as soon as more than the limit has been read in all. Headers and padding of
// a decompression bomb are counted too.
func (m *Meter) Reader(r io.Reader) io.Reader { return &meteredReader{meter: m, source: r} }

type meteredReader struct {
	meter  *Meter
	source io.Reader
}

func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	r.meter.bytes += int64(n)
	if r.meter.bytes > r.meter.limits.Bytes {
		return 0, fmt.Errorf("%w: more than %d bytes unpacked", ErrTooLarge, r.meter.limits.Bytes)
	}
	if limit := r.meter.limits.Time; limit > 0 && time.Since(r.meter.start) > limit {
		return 0, fmt.Errorf("%w: not read after %v", ErrTooLarge, limit)
	}
	return n, err
}

// File counts one entry.
func (m *Meter) File() error {
	m.files++
	if m.files > m.limits.Files {
		return fmt.Errorf("%w: more than %d files", ErrTooLarge, m.limits.Files)
	}
	return nil
}

// MaxBytes is how much data one package may hold.
func (m *Meter) MaxBytes() int64 { return m.limits.Bytes }

// Data reads exactly size bytes of one file. The size is what the package claims, so memory grows with what is really
// there and not with the claim.
func (m *Meter) Data(r io.Reader, size int64) ([]byte, error) {
	if size < 0 || size > m.limits.Bytes {
		return nil, fmt.Errorf("%w: a file of %d bytes", ErrTooLarge, size)
	}
	data, err := io.ReadAll(io.LimitReader(r, size))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != size {
		return nil, fmt.Errorf("truncated: %d of %d bytes: %w", len(data), size, io.ErrUnexpectedEOF)
	}
	return data, nil
}

// What Linux takes in one path, and in one component of it (PATH_MAX and NAME_MAX of linux/limits.h); and several times the depth of
// the deepest path of a distribution. A path of a megabyte would take minutes to follow, and its directories gigabytes.
const (
	maxPath      = 4095
	maxComponent = 255
	maxDepth     = 128
)

// CleanName turns a name as packages write it ("./usr/bin/x", "/usr/bin/x", "usr/bin/") into a File's Name. The name of the root
// itself becomes "". A name that climbs out, that no file system can have, or that contains a NUL or newline (package lists are
// lines) is refused.
func CleanName(name string) (string, error) {
	if len(name) > maxPath {
		return "", fmt.Errorf("file name %.40q...: %d bytes long", name, len(name))
	}
	if strings.ContainsAny(name, "\x00\n") {
		return "", fmt.Errorf("file name %q: control character", name)
	}
	if depth := strings.Count(name, "/"); depth > maxDepth {
		return "", fmt.Errorf("file name %.40q...: %d directories deep", name, depth)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("file name %q: leads out of the root", name)
		}
		if len(part) > maxComponent {
			return "", fmt.Errorf("file name %.40q...: a part of %d bytes", name, len(part))
		}
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/"), nil
}

// CheckTarget refuses what cannot be the target of a symlink.
func CheckTarget(target string) error {
	if target == "" || len(target) > maxPath || strings.Contains(target, "\x00") {
		return fmt.Errorf("symlink target %.40q of %d bytes", target, len(target))
	}
	return nil
}

// Printable returns a message without control characters: names and lines of the input are parts of messages, and a terminal or a log
// obeys escape sequences.
func Printable(message string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, message)
}

// Validate checks what every reader must have got right and completes the package: a name, a version and no file twice.
func (p *Package) Validate() error {
	if p.Name == "" || p.Version == "" || p.Architecture == "" {
		return fmt.Errorf("package metadata: name %q, version %q, architecture %q: none may be empty", p.Name, p.Version, p.Architecture)
	}
	if strings.ContainsAny(p.Name+p.Version+p.Architecture, "/\x00\n \t") {
		return fmt.Errorf("package metadata: name %q, version %q, architecture %q: unusable characters", p.Name, p.Version, p.Architecture)
	}
	seen := make(map[string]Type, len(p.Files))
	for _, f := range p.Files {
		if f.Name == "" || f.Type == 0 {
			return fmt.Errorf("file %q: no name or type", f.Name)
		}
		if _, twice := seen[f.Name]; twice {
			return fmt.Errorf("file /%s: twice in one package", f.Name)
		}
		seen[f.Name] = f.Type
	}
	for _, f := range p.Files {
		if f.Type == Hardlink && seen[f.Link] != Regular {
			return fmt.Errorf("file /%s: hard link to /%s, which is no regular file of the package", f.Name, f.Link)
		}
		if f.Type != Symlink {
			continue
		}
		if err := CheckTarget(f.Link); err != nil {
			return fmt.Errorf("file /%s: %w", f.Name, err)
		}
	}
	return nil
}
