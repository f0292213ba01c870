// Command layers writes a small layer in the format of its file name's extension: .tar, .tar.gz or .tar.zst.
package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: layers FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "layers: %v\n", err)
		os.Exit(1)
	}
}

func write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var packed io.WriteCloser
	switch {
	case strings.HasSuffix(path, ".gz"):
		packed = gzip.NewWriter(file)
	case strings.HasSuffix(path, ".zst"):
		if packed, err = zstd.NewWriter(file); err != nil {
			return err
		}
	default:
		return writeTar(file, path)
	}
	if err := writeTar(packed, path); err != nil {
		return err
	}
	return packed.Close()
}

// writeTar writes one file that is named after the layer, so that no two layers are the same.
func writeTar(w io.Writer, path string) error {
	name := path[strings.LastIndex(path, "/")+1:]
	out := tar.NewWriter(w)
	header := &tar.Header{Typeflag: tar.TypeReg, Name: "layers/" + name, Mode: 0o644, Size: int64(len(name))}
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	if _, err := io.WriteString(out, name); err != nil {
		return err
	}
	return out.Close()
}
