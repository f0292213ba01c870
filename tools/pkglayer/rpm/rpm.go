// Package rpm reads RPM packages (format 4): lead, signature, header and a cpio payload.
package rpm

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// ManifestLine is the entry of Control with the package's line of a container manifest: the query format that
// distroless images of RPM distributions use, whose ten fields scanners parse.
const ManifestLine = "manifest"

const (
	typeMask    = 0o170000
	typeRegular = 0o100000
	typeDir     = 0o040000
	typeLink    = 0o120000
	flagGhost   = 1 << 6 // RPMFILE_GHOST: named by the header, not in the payload
	tagCaps     = 5010   // RPMTAG_FILECAPS
)

// Read reads one package.
func Read(r io.Reader, limits archive.Limits) (*archive.Package, error) {
	file, err := rpmutils.ReadRpm(r)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	nevra, err := file.Header.GetNEVRA()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	pkg := &archive.Package{
		Name:         nevra.Name,
		Version:      nevra.Version + "-" + nevra.Release,
		Architecture: nevra.Arch,
		Control:      map[string][]byte{ManifestLine: []byte(manifestLine(file.Header, nevra))},
	}
	capabilities, err := fileCapabilities(file.Header)
	if err != nil {
		return nil, err
	}
	if pkg.Files, err = readPayload(file, capabilities, archive.NewMeter(limits)); err != nil {
		return nil, err
	}
	return pkg, pkg.Validate()
}

func readPayload(file *rpmutils.Rpm, capabilities map[string]string, meter *archive.Meter) ([]archive.File, error) {
	listed, err := file.Header.GetFiles()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	var left int64
	for _, info := range listed {
		if err := meter.File(); err != nil {
			return nil, err
		}
		if info.Flags()&flagGhost == 0 && info.Mode()&typeMask == typeRegular {
			left += info.Size()
		}
		if left < 0 || left > meter.MaxBytes() {
			return nil, fmt.Errorf("%w: more than %d bytes unpacked", archive.ErrTooLarge, meter.MaxBytes())
		}
	}
	payload, err := file.PayloadReaderExtended()
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	var files []archive.File
	waiting := map[inode][]int{} // hard links that came before their content
	for {
		info, err := payload.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("payload: %w", err)
		}
		entry, err := fromInfo(info, capabilities)
		if err != nil {
			return nil, err
		}
		if entry.Name == "" {
			continue
		}
		if entry.Type == archive.Regular {
			id := inode{info.Device(), info.Inode()}
			if payload.IsLink() {
				entry.Type = archive.Hardlink
				waiting[id] = append(waiting[id], len(files))
			} else {
				if entry.Data, err = meter.Data(payload, info.Size()); err != nil {
					return nil, fmt.Errorf("file /%s: %w", entry.Name, err)
				}
				for _, i := range waiting[id] {
					files[i].Link = entry.Name
				}
			}
		}
		files = append(files, entry)
	}
	return files, checkComplete(files, listed)
}

type inode struct{ device, number int }

// checkComplete finds a payload that ends early: every file that the header names must have come, but for ghosts.
func checkComplete(files []archive.File, listed []rpmutils.FileInfo) error {
	have := make(map[string]bool, len(files))
	for _, file := range files {
		have[file.Name] = true
	}
	for _, info := range listed {
		name, err := archive.CleanName(info.Name())
		if err != nil {
			return err
		}
		if info.Flags()&flagGhost == 0 && name != "" && !have[name] {
			return fmt.Errorf("payload: truncated: file /%s is missing", name)
		}
	}
	return nil
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

// manifestLine is one package as "rpm -qa --qf" of the distroless images writes it: name, version-release, install
// time, build time, vendor, epoch, size, architecture, epoch number, source package.
func manifestLine(header *rpmutils.RpmHeader, nevra *rpmutils.NEVRA) string {
	text := func(tag int) string {
		if value, err := header.GetString(tag); err == nil && value != "" {
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
	return strings.Join([]string{
		nevra.Name, nevra.Version + "-" + nevra.Release, "0", number(rpmutils.BUILDTIME), text(rpmutils.VENDOR), epoch,
		number(rpmutils.SIZE), nevra.Arch, epochNumber, text(rpmutils.SOURCERPM),
	}, "\t")
}

func oneLine(r rune) rune {
	if r == '\t' || r == '\n' {
		return ' '
	}
	return r
}
