package deb

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
	arTrailer    = "`\n"
)

// arReader reads the simple kind of ar archive that deb(5) prescribes: no symbol table, no long names.
type arReader struct {
	source io.Reader
	name   string // of the current member
	left   int64  // what remains of the current member
	pad    bool   // members start at even offsets
}

func newArReader(r io.Reader) (*arReader, error) {
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return nil, errors.New("not a Debian package: no ar archive")
	}
	return &arReader{source: r}, nil
}

// expect moves on to the next member, whose name must be the given one or begin with it and a dot. Members whose names
// begin with an underscore are skipped, as deb(5) asks.
func (a *arReader) expect(name string) (io.Reader, error) {
	for {
		got, err := a.next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: missing", name)
		}
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(got, "_") {
			continue
		}
		if got != name && !strings.HasPrefix(got, name+".") {
			return nil, fmt.Errorf("ar member %q where %s belongs", got, name)
		}
		return a, nil
	}
}

func (a *arReader) next() (string, error) {
	skip := a.left
	if a.pad {
		skip++
	}
	if _, err := io.CopyN(io.Discard, a.source, skip); err != nil {
		return "", fmt.Errorf("ar: truncated member: %w", err)
	}
	header := make([]byte, arHeaderSize)
	if n, err := io.ReadFull(a.source, header); err != nil {
		if n == 0 {
			return "", io.EOF
		}
		return "", fmt.Errorf("ar: truncated header: %w", err)
	}
	if string(header[58:]) != arTrailer {
		return "", errors.New("ar: corrupt header")
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(header[48:58]), " "), 10, 64)
	if err != nil || size < 0 {
		return "", fmt.Errorf("ar: member size %q", header[48:58])
	}
	a.left, a.pad = size, size%2 == 1
	a.name = strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
	return a.name, nil
}

// Read reads from the current member. An archive that ends inside it is an error, not an end.
func (a *arReader) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > a.left {
		p = p[:a.left]
	}
	n, err := a.source.Read(p)
	a.left -= int64(n)
	if errors.Is(err, io.EOF) && a.left > 0 {
		err = fmt.Errorf("ar: truncated member: %w", io.ErrUnexpectedEOF)
	}
	return n, err
}
