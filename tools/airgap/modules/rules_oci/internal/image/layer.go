package image

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

// compression is the format of a layer's tar, by the suffix of its media type. "" means none.
type compression string

const (
	none       compression = ""
	gzipped    compression = "gzip"
	zstandard  compression = "zstd"
	gzipMagic              = "\x1f\x8b"         // RFC 1952, section 2.3.1
	zstdMagic              = "\x28\xb5\x2f\xfd" // RFC 8878, section 3.1.1
	magicBytes             = 4
)

// layerFile contains an image's data about one layer: the file itself, and the digest of the tar inside.
type layerFile struct {
	compression compression
	digest      v1.Hash
	diffID      v1.Hash
	size        int64
}

// inspectLayer reads the file once. Only the content determines the compression, not the name.
func inspectLayer(path string) (layerFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return layerFile{}, fmt.Errorf("read layer: %w", err)
	}
	defer file.Close()

	outer := sha256.New()
	counter := &countingReader{reader: io.TeeReader(file, outer)}
	buffered := bufio.NewReaderSize(counter, 1<<20)
	magic, err := buffered.Peek(magicBytes)
	if err != nil && err != io.EOF {
		return layerFile{}, fmt.Errorf("read layer %s: %w", path, err)
	}
	layer := layerFile{}
	var plain io.Reader = buffered
	switch {
	case bytes.HasPrefix(magic, []byte(gzipMagic)):
		layer.compression = gzipped
		reader, err := gzip.NewReader(buffered)
		if err != nil {
			return layerFile{}, fmt.Errorf("read layer %s: %w", path, err)
		}
		plain = reader
	case bytes.HasPrefix(magic, []byte(zstdMagic)):
		layer.compression = zstandard
		reader, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return layerFile{}, fmt.Errorf("read layer %s: %w", path, err)
		}
		defer reader.Close()
		plain = reader
	}
	inner := sha256.New()
	if _, err := io.Copy(inner, plain); err != nil {
		return layerFile{}, fmt.Errorf("read layer %s: %w", path, err)
	}
	// A decompressor may stop before the end of the file, but the digest includes the rest.
	if _, err := io.Copy(io.Discard, buffered); err != nil {
		return layerFile{}, fmt.Errorf("read layer %s: %w", path, err)
	}
	layer.size = counter.read
	layer.digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(outer.Sum(nil))}
	layer.diffID = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(inner.Sum(nil))}
	return layer, nil
}

type countingReader struct {
	reader io.Reader
	read   int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.read += int64(n)
	return n, err
}
