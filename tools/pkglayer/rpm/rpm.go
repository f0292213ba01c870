// Package rpm reads RPM packages (formats 4 and 6): lead, signature, header and a cpio payload.
package rpm

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const (
	typeMask    = 0o170000
	typeRegular = 0o100000
	typeDir     = 0o040000
	typeLink    = 0o120000
	flagGhost   = 1 << 6 // RPMFILE_GHOST: in the header, but not in the payload
)

// Tags that go-rpmutils has no constants for (rpm, rpmtag.h).
const (
	tagCaps            = 5010 // RPMTAG_FILECAPS
	tagPayloadDigest   = 5092 // RPMTAG_PAYLOADSHA256 since rpm 4.20, PAYLOADDIGEST before
	tagPayloadDigestBy = 5093 // RPMTAG_PAYLOADDIGESTALGO
)

// Read reads one package. CheckHeaders makes sure that no offset leads the library outside the package.
func Read(r io.Reader, limits archive.Limits) (*archive.Package, error) {
	whole, err := archive.ReadWhole(r)
	if err != nil {
		return nil, err
	}
	end, err := CheckHeaders(whole)
	if err != nil {
		return nil, err
	}
	header, err := rpmutils.ReadHeader(bytes.NewReader(whole))
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	nevra, err := header.GetNEVRA()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	pkg := &archive.Package{
		Name:         nevra.Name,
		Version:      nevra.Version + "-" + nevra.Release,
		Architecture: nevra.Arch,
		Source:       text(header, rpmutils.SOURCERPM),
		License:      text(header, rpmutils.LICENSE),
		Control:      map[string][]byte{archive.ManifestLine: []byte(manifestLine(header, nevra))},
	}
	listed, err := listFiles(header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	capabilities, err := fileCapabilities(header, listed)
	if err != nil {
		return nil, err
	}
	if err := checkDigest(header, whole[end:]); err != nil {
		return nil, err
	}
	if err := checkCompression(header); err != nil {
		return nil, err
	}
	if pkg.Files, err = readPayload(whole[end:], listed, capabilities, archive.NewMeter(limits)); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return pkg, pkg.Validate()
}

func fromInfo(info rpmutils.FileInfo, capabilities map[string]string) (archive.File, error) {
	name, err := archive.CleanName(info.Name())
	if err != nil {
		return archive.File{}, err
	}
	file := archive.File{
		Name:  name,
		Mode:  int64(info.Mode() & 0o7777),
		User:  info.UserName(),
		Group: info.GroupName(),
	}
	switch info.Mode() & typeMask {
	case typeRegular:
		file.Type = archive.Regular
	case typeDir:
		file.Type = archive.Directory
	case typeLink:
		file.Type, file.Link, file.Mode = archive.Symlink, info.Linkname(), 0o777
	default:
		return archive.File{}, fmt.Errorf("file /%s: device node or pipe in a package", name)
	}
	if value, exists := capabilities[info.Name()]; exists {
		file.Xattrs = map[string]string{"security.capability": value}
	}
	return file, nil
}

// text returns the value of a tag, or "" without the tag.
func text(header *rpmutils.RpmHeader, tag int) string {
	value, err := header.GetString(tag)
	if err != nil {
		return ""
	}
	return value
}

// manifestLine returns the line of one package as `rpm -qa --qf` writes it for distroless images: name,
// version-release, install time, build time, vendor, epoch, size, architecture, epoch number, source package.
func manifestLine(header *rpmutils.RpmHeader, nevra *rpmutils.NEVRA) string {
	orNone := func(tag int) string {
		if value := text(header, tag); value != "" {
			return strings.Map(oneLine, value)
		}
		return "(none)"
	}
	number := func(tag int) string {
		if values, err := header.GetInts(tag); err == nil && len(values) > 0 {
			return fmt.Sprint(values[0])
		}
		return "0"
	}
	epoch, epochNumber := "(none)", "0"
	if header.HasTag(rpmutils.EPOCH) {
		epoch, epochNumber = nevra.Epoch, nevra.Epoch
	}
	size := number(rpmutils.SIZE)
	if long, err := header.GetUint64s(rpmutils.LONGSIZE); err == nil && len(long) > 0 {
		size = fmt.Sprint(long[0]) // in format 6, and for 4 GiB and more
	}
	return strings.Join([]string{
		nevra.Name, nevra.Version + "-" + nevra.Release, "0", number(rpmutils.BUILDTIME), orNone(rpmutils.VENDOR), epoch,
		size, nevra.Arch, epochNumber, orNone(rpmutils.SOURCERPM),
	}, "\t")
}

func oneLine(r rune) rune {
	if r == '\t' || r == '\n' {
		return ' '
	}
	return r
}
