package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
	"github.com/xi2/xz"
)

// xi2/xz reads xz streams. It has had no release since 2017, but it is a translation of XZ Embedded, which the Linux
// kernel uses to decompress itself, and it limits the window (TestXZWindow). ulikunitz/xz, which reads lzma here, has
// an .xz reader that allocates up to 4 GiB if the header of a block says so, and supports no filter but LZMA2.
// FuzzDecompress reads hostile streams of every compression.

// maxWindow limits the memory that a compressed stream may request. xz -9 requests 64 MiB, zstd -19 requests 8 MiB.
const maxWindow = 128 << 20

// Decompress detects gzip, bzip2, xz, lzma and zstd by the first bytes, not by the file name, and passes all other data
// through unchanged. It reads concatenated gzip and bzip2 streams as one stream.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReader(r)
	magic, err := buffered.Peek(lzma.HeaderLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		stream, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return stream, nil
	case bytes.HasPrefix(magic, []byte("BZh")):
		return io.NopCloser(named{"bzip2", bzip2.NewReader(buffered)}), nil
	case bytes.HasPrefix(magic, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		stream, err := xz.NewReader(buffered, maxWindow)
		if err != nil {
			return nil, fmt.Errorf("xz: %w", err)
		}
		return io.NopCloser(stream), nil
	case beginsLZMA(magic):
		stream, err := lzma.ReaderConfig{DictCap: maxWindow}.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("lzma: %w", err)
		}
		return io.NopCloser(named{"lzma", stream}), nil
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		stream, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return stream.IOReadCloser(), nil
	default:
		return io.NopCloser(buffered), nil
	}
}

// beginsLZMA returns true if a stream begins like xz's older format, which has no magic number: the properties of every
// encoder (lc=3 lp=0 pb=2), then the size of the dictionary. A tar whose first file is named "]" has only zeros there.
func beginsLZMA(b []byte) bool {
	return len(b) == lzma.HeaderLen && b[0] == 0x5d && b[1] == 0 && binary.LittleEndian.Uint32(b[1:]) >= lzma.MinDictCap
}

// named is a reader that adds the name of the compression to its errors.
type named struct {
	name   string
	source io.Reader
}

func (n named) Read(p []byte) (int, error) {
	count, err := n.source.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: %w", n.name, err)
	}
	return count, err
}
