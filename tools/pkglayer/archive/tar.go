package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// xattrPrefix is the prefix of extended attributes in PAX headers, as libarchive, GNU tar, apk and container engines
// write them.
const xattrPrefix = "SCHILY.xattr."

// Entries reads the entries of a tar stream within a Meter's limits. It refuses sparse files: a few bytes of them can
// expand to terabytes, and neither packages nor image layers contain any.
type Entries struct {
	*tar.Reader
	meter *Meter
}

// NewEntries returns the entries of the tar stream r. The meter counts its bytes.
func NewEntries(r io.Reader, meter *Meter) *Entries {
	return &Entries{tar.NewReader(meter.Reader(r)), meter}
}

// Next returns the next entry. At the end of the tar the error is io.EOF.
func (e *Entries) Next() (*tar.Header, error) {
	header, err := e.Reader.Next()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("tar: %w", err)
	}
	if isSparse(header) {
		return nil, fmt.Errorf("file %.200q: a sparse file of %d bytes", header.Name, header.Size)
	}
	return header, e.meter.File()
}

// isSparse detects GNU tar's sparse files: by the type of the old format, and by the PAX records of formats 0.0, 0.1
// and 1.0, whose entries have the type of a regular file.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// ReadTar reads all entries of a tar stream, as in .deb and .apk, except the root directory. If pax is false, an entry
// with a PAX header is an error.
func ReadTar(r io.Reader, meter *Meter, pax bool) ([]File, error) {
	var files []File
	entries := NewEntries(r, meter)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		// An entry in GNU's format can have a PAX header, too. Its Format is then not FormatPAX.
		if (header.Format == tar.FormatPAX || len(header.PAXRecords) > 0) && !pax {
			return nil, fmt.Errorf("file %s: a PAX header, which the program that installs such packages refuses", header.Name)
		}
		file, err := fromHeader(header)
		if err != nil {
			return nil, err
		}
		if file.Name == "" {
			continue
		}
		if file.Type == Regular {
			if file.Data, err = meter.Data(entries, header.Size); err != nil {
				return nil, fmt.Errorf("file /%s: %w", file.Name, err)
			}
		}
		files = append(files, file)
	}
}

func fromHeader(h *tar.Header) (File, error) {
	name, err := CleanName(h.Name)
	if err != nil {
		return File{}, err
	}
	if h.Uid < 0 || h.Gid < 0 {
		return File{}, fmt.Errorf("file /%s: owner %d:%d", name, h.Uid, h.Gid)
	}
	file := File{Name: name, Mode: h.Mode & 0o7777, UID: h.Uid, GID: h.Gid}
	switch h.Typeflag {
	case tar.TypeReg:
		file.Type = Regular
	case tar.TypeDir:
		file.Type = Directory
	case tar.TypeSymlink:
		file.Type, file.Link, file.Mode = Symlink, h.Linkname, 0o777
	case tar.TypeLink:
		file.Type = Hardlink
		if file.Link, err = CleanName(h.Linkname); err != nil {
			return File{}, fmt.Errorf("file /%s: link target: %w", name, err)
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return File{}, fmt.Errorf("file /%s: device node or pipe in a package", name)
	default:
		return File{}, fmt.Errorf("file /%s: unknown tar entry type %q", name, h.Typeflag)
	}
	for key, value := range h.PAXRecords {
		attribute, found := strings.CutPrefix(key, xattrPrefix)
		if !found {
			continue
		}
		if file.Xattrs == nil {
			file.Xattrs = map[string]string{}
		}
		file.Xattrs[attribute] = value
	}
	return file, nil
}
