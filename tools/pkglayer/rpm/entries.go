package rpm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/cavaliergopher/cpio"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// entries reads the files of a payload one by one. At the archive's end mark, next returns io.EOF.
type entries interface {
	// next goes to the next file. It returns the file's index in the header and the number of its bytes in the payload.
	next() (at int, size int64, err error)
	io.Reader
}

// strippedMagic begins each file in a payload of rpm's variant of cpio, which omits the metadata that the header
// contains. All packages of format 6 (rpm 6) use it, and packages of format 4 with a file of 4 GiB or more.
const strippedMagic = "07070X"

func newEntries(stream io.Reader, list *listing) (entries, error) {
	buffered := bufio.NewReader(stream)
	magic, err := buffered.Peek(len(strippedMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Equal(magic, []byte(strippedMagic)) {
		return &strippedEntries{source: buffered, list: list}, nil
	}
	return &namedEntries{cpio.NewReader(buffered), list}, nil
}

// namedEntries reads standard cpio, which contains the names of files.
type namedEntries struct {
	*cpio.Reader
	list *listing
}

func (n *namedEntries) next() (int, int64, error) {
	entry, err := n.Next()
	if errors.Is(err, io.EOF) {
		return 0, 0, io.EOF
	}
	if err != nil {
		return 0, 0, fmt.Errorf("cpio: %w", err)
	}
	name, err := archive.CleanName(entry.Name)
	if err != nil {
		return 0, 0, err
	}
	at, known := n.list.byName[name]
	if !known {
		return 0, 0, fmt.Errorf("file /%s: not in the header", name)
	}
	return at, entry.Size, nil
}

// strippedEntries reads rpm's variant (lib/cpio.c): a magic number and the file's index in the header in eight
// hexadecimal digits, then its content, each aligned to four bytes. A standard entry is the end mark.
type strippedEntries struct {
	source *bufio.Reader
	list   *listing
	offset int64 // from the beginning of the archive
	left   int64 // unread bytes of the current file
}

func (s *strippedEntries) next() (int, int64, error) {
	if err := s.skip(s.left); err != nil {
		return 0, 0, err
	}
	s.left = 0
	header := make([]byte, len(strippedMagic)+8)
	if err := s.align(); err != nil {
		return 0, 0, err
	}
	n, err := io.ReadFull(s.source, header)
	s.offset += int64(n)
	if err != nil {
		return 0, 0, fmt.Errorf("cpio: truncated: %w", io.ErrUnexpectedEOF)
	}
	if bytes.HasPrefix(header, []byte("070701")) {
		return 0, 0, io.EOF
	}
	text, found := bytes.CutPrefix(header, []byte(strippedMagic))
	if !found {
		return 0, 0, errors.New("cpio: corrupt: wrong magic number")
	}
	at, err := strconv.ParseUint(string(text), 16, 31)
	if err != nil || at >= uint64(len(s.list.files)) {
		return 0, 0, fmt.Errorf("cpio: file %q of %d", text, len(s.list.files))
	}
	s.left = s.list.inPayload(int(at))
	return int(at), s.left, s.align()
}

func (s *strippedEntries) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.source.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	s.offset += int64(n)
	return n, err
}

func (s *strippedEntries) align() error { return s.skip((4 - s.offset%4) % 4) }

func (s *strippedEntries) skip(count int64) error {
	n, err := io.CopyN(io.Discard, s.source, count)
	s.offset += n
	if err != nil {
		return fmt.Errorf("cpio: truncated: %w", err)
	}
	return nil
}

// inPayload returns how many bytes of a file are in the payload, according to the header.
func (l *listing) inPayload(at int) int64 {
	switch info := l.files[at]; info.Mode() & typeMask {
	case typeRegular:
		if l.empty[at] {
			return 0
		}
		return info.Size()
	case typeLink:
		return info.Size()
	default:
		return 0
	}
}
