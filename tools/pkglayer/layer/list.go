package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// List writes the entries of a layer tar whose names keep accepts, in the syntax of mtree(5). It shows what a structure
// test cannot check, mainly symlink targets and that no directory of the base is repeated.
func List(w io.Writer, r io.Reader, keep func(name string) bool) error {
	stream, err := archive.Decompress(r)
	if err != nil {
		return err
	}
	defer stream.Close()
	entries := tar.NewReader(stream)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("tar: %w", err)
		}
		name := strings.TrimSuffix(header.Name, "/")
		if !keep(name) {
			continue
		}
		kind, rest := describe(header)
		line := fmt.Sprintf("./%s type=%s mode=%04o uid=%d gid=%d%s\n", name, kind, header.Mode, header.Uid, header.Gid, rest)
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
}

func describe(header *tar.Header) (kind, rest string) {
	switch header.Typeflag {
	case tar.TypeDir:
		return "dir", ""
	case tar.TypeSymlink:
		return "link", " link=" + header.Linkname
	case tar.TypeLink:
		return "file", " hardlink=" + header.Linkname
	default:
		return "file", ""
	}
}
