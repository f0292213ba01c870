// Package archive contains the common parts of the readers of all three package formats: the files of one package, the
// names that they may have, and the limits for reading it.
//
// A package is untrusted input. The lock contains its sha256, but the lock was made from a mirror. So the readers trust
// no length, name or type in a package.
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

// Type is the type of a file in a package.
type Type byte

// The types of files that an image layer may contain. Device nodes and sockets are not allowed.
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
	User   string // if set, the owner's name, which the layer resolves instead of UID
	Group  string // the same for GID
	Link   string // unchanged target of a symlink, or Name of the file that a hard link names
	Data   []byte
	Xattrs map[string]string // extended attributes, such as security.capability
}

// Package is one package that was read completely.
type Package struct {
	Name         string
	Version      string
	Architecture string
	// Source names the source package as the format's metadata does, and License is the license in that metadata. Both are
	// unchecked and may be empty; a .deb has its licenses in a file.
	Source  string
	License string
	Files   []File
	// Control contains the format's metadata by name: Debian's control, md5sums and conffiles, Alpine's .PKGINFO, or
	// the single line of RPM's container manifest.
	Control map[string][]byte
}

// ManifestLine is the key in Control of an RPM package's line in a container manifest. Its ten fields have the query
// format of distroless images of RPM distributions, which scanners parse.
const ManifestLine = "manifest"

// Limits limits the resources for reading one package or image.
type Limits struct {
	Files int           // number of entries
	Bytes int64         // all data after decompression
	Time  time.Duration // since NewMeter; 0 means no limit
}

// DefaultLimits returns several times what the largest package of a base image needs (glibc, with all charset modules).
func DefaultLimits() Limits {
	return Limits{Files: 20_000, Bytes: 256 << 20, Time: 5 * time.Minute}
}

// maxPackage limits the compressed size of a package. The whole package is in memory, because its checksums cover
// compressed bytes. No distribution's iptables package reaches 1 MB, no glibc package 20 MB.
const maxPackage = 128 << 20

// ReadWhole reads a compressed package into memory. If it is larger than any package of an image, the error is
// ErrTooLarge.
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

// Meter counts what is read of a package or an image, and enforces limits.
type Meter struct {
	limits Limits
	files  int
	bytes  int64
	start  time.Time
}

// NewMeter returns a Meter that starts at zero.
func NewMeter(limits Limits) *Meter { return &Meter{limits: limits, start: time.Now()} }

// ErrTooLarge is the error if a limit is exceeded.
var ErrTooLarge = errors.New("too large")

// Reader returns a reader of r that fails with ErrTooLarge if all readers of the Meter together read more than the
// limit. It also counts headers and padding, which a decompression bomb can consist of.
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

// File counts one entry. The error is ErrTooLarge.
func (m *Meter) File() error {
	m.files++
	if m.files > m.limits.Files {
		return fmt.Errorf("%w: more than %d files", ErrTooLarge, m.limits.Files)
	}
	return nil
}

// MaxBytes returns the limit for the data of one package.
func (m *Meter) MaxBytes() int64 { return m.limits.Bytes }

// Data reads exactly size bytes of one file. The package states the size, so the buffer grows with the data that
// exists, not with the stated size.
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

// The first two are Linux's limits for a path and for one component of it (PATH_MAX and NAME_MAX of linux/limits.h).
// The last is several times the depth of the deepest path in a distribution. Without them, following a path of a
// megabyte would take minutes, and its directories gigabytes.
const (
	maxPath      = 4095
	maxComponent = 255
	maxDepth     = 128
)

// CleanName converts a name in a package ("./usr/bin/x", "/usr/bin/x", "usr/bin/") into a File's Name. The name of the
// root becomes "". It refuses a name that leaves the root, that no file system can store, or that contains a NUL or a
// newline, because package lists are lines.
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

// CheckTarget returns an error if target cannot be the target of a symlink.
func CheckTarget(target string) error {
	if target == "" || len(target) > maxPath || strings.Contains(target, "\x00") {
		return fmt.Errorf("symlink target %.40q of %d bytes", target, len(target))
	}
	return nil
}

// Printable replaces control characters in a message. Messages contain names and lines of the input, and terminals
// interpret escape sequences in them.
func Printable(message string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, message)
}

// Validate checks what every reader must ensure, and completes the package: it has a name, a version and no duplicate
// file.
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
