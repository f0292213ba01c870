package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// xattrPrefix is how PAX headers name extended attributes; libarchive, GNU tar, apk and container engines agree on it.
const xattrPrefix = "SCHILY.xattr."

// ReadTar reads every entry of a tar stream; .deb and .apk both hold their files so. The root directory's own entry is
// left out. Without pax an entry with a PAX header is an error.
func ReadTar(r io.Reader, meter *Meter, pax bool) ([]File, error) {
	var files []File
	stream := tar.NewReader(r)
	for {
		header, err := stream.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("tar: %w", err)
		}
		if header.Format == tar.FormatPAX && !pax {
			return nil, fmt.Errorf("file %s: a PAX header, which the program that installs such packages refuses", header.Name)
		}
		if err := meter.File(); err != nil {
			return nil, err
		}
		file, err := fromHeader(header)
		if err != nil {
			return nil, err
		}
		if file.Name == "" {
			continue
		}
		if file.Type == Regular {
			if file.Data, err = meter.Data(stream, header.Size); err != nil {
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
