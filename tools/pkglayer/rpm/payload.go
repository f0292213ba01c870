package rpm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// hashSHA256 is PGPHASHALGO_SHA256 of rpmpgp.h.
const hashSHA256 = 8

// checkDigest compares the payload with the checksum in the header, which rpm writes since 4.14.
func checkDigest(header *rpmutils.RpmHeader, payload []byte) error {
	if !header.HasTag(tagPayloadDigest) {
		return nil
	}
	stated, err := header.GetStrings(tagPayloadDigest)
	if err != nil {
		return fmt.Errorf("header: sum of the payload: %w", err)
	}
	// Format 6 does not name the algorithm: it is always this one.
	if header.HasTag(tagPayloadDigestBy) {
		if by, err := header.GetInts(tagPayloadDigestBy); err != nil || len(by) != 1 || by[0] != hashSHA256 {
			return nil
		}
	}
	if sum := sha256.Sum256(payload); hex.EncodeToString(sum[:]) != stated[0] {
		return errors.New("payload: truncated or corrupt: not the sum that the header states")
	}
	return nil
}

// checkCompression returns an error if the payload's compression, as the header names it, is not supported.
func checkCompression(header *rpmutils.RpmHeader) error {
	if !header.HasTag(rpmutils.PAYLOADCOMPRESSOR) {
		return nil // an uncompressed payload has no such tag
	}
	names, err := header.GetStrings(rpmutils.PAYLOADCOMPRESSOR)
	if err != nil {
		return fmt.Errorf("header: compression of the payload: %w", err)
	}
	if !slices.Contains([]string{"gzip", "bzip2", "xz", "lzma", "zstd", "none"}, names[0]) {
		return fmt.Errorf("payload: compression %q is not known, only gzip, bzip2, xz, lzma, zstd and none", names[0])
	}
	return nil
}

// listing contains the header's data about the payload's files, by name.
type listing struct {
	files  []rpmutils.FileInfo
	byName map[string]int
	// empty are files whose content comes with a later link to the same inode (rpm's lib/rpmfi.c, rpmfilesBuildNLink).
	empty map[int]bool
}

type inode struct{ device, number int }

func newListing(files []rpmutils.FileInfo, meter *archive.Meter) (*listing, error) {
	l := &listing{files: files, byName: map[string]int{}, empty: map[int]bool{}}
	var total int64
	last := map[inode]int{}
	for i, info := range files {
		if err := meter.File(); err != nil {
			return nil, err
		}
		name, err := archive.CleanName(info.Name())
		if err != nil {
			return nil, err
		}
		if _, twice := l.byName[name]; twice {
			return nil, fmt.Errorf("file /%s: twice in one package", name)
		}
		l.byName[name] = i
		if info.Flags()&flagGhost != 0 || info.Mode()&typeMask != typeRegular {
			continue
		}
		if info.Size() < 0 || info.Size() > meter.MaxBytes()-total {
			return nil, fmt.Errorf("%w: more than %d bytes unpacked", archive.ErrTooLarge, meter.MaxBytes())
		}
		total += info.Size()
		id := inode{info.Device(), info.Inode()}
		if earlier, linked := last[id]; linked && id.number != 0 {
			l.empty[earlier] = true
			total -= info.Size()
		}
		last[id] = i
	}
	return l, nil
}

// readPayload reads the cpio archive. rpm installs what the header says, so the header and the archive must match.
func readPayload(compressed []byte, listed []rpmutils.FileInfo, capabilities map[string]string, meter *archive.Meter) ([]archive.File, error) {
	list, err := newListing(listed, meter)
	if err != nil {
		return nil, err
	}
	stream, err := archive.Decompress(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	payload, err := newEntries(meter.Reader(stream), list)
	if err != nil {
		return nil, err
	}
	var files []archive.File
	waiting := map[inode][]int{} // hard links that are read before their content
	for {
		at, size, err := payload.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		info := listed[at]
		file, err := fromInfo(info, capabilities)
		if err != nil {
			return nil, err
		}
		if file.Name == "" {
			continue
		}
		if file.Type == archive.Regular {
			id := inode{info.Device(), info.Inode()}
			want := info.Size()
			if list.empty[at] {
				file.Type, want = archive.Hardlink, 0
				waiting[id] = append(waiting[id], len(files))
			} else {
				for _, i := range waiting[id] {
					files[i].Link = file.Name
				}
			}
			if size != want {
				return nil, fmt.Errorf("file /%s: %d bytes, but the header states %d", file.Name, size, want)
			}
			if file.Data, err = meter.Data(payload, want); err != nil {
				return nil, fmt.Errorf("file /%s: %w", file.Name, err)
			}
		}
		files = append(files, file)
	}
	if _, err := io.Copy(io.Discard, meter.Reader(stream)); err != nil {
		return nil, err
	}
	return files, list.checkComplete(files)
}

// checkComplete returns an error if the payload ends early: it must contain every file of the header except ghosts.
func (l *listing) checkComplete(files []archive.File) error {
	have := make(map[string]bool, len(files))
	for _, file := range files {
		have[file.Name] = true
	}
	for _, info := range l.files {
		name, err := archive.CleanName(info.Name())
		if err != nil {
			return err
		}
		if info.Flags()&flagGhost == 0 && name != "" && !have[name] {
			return fmt.Errorf("truncated: file /%s is missing", name)
		}
	}
	return nil
}
