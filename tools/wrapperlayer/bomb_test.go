package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
)

// The program refuses a base of a few kilobytes that would fill the disk or the memory, and removes what it has
// unpacked.
func TestBaseIsNoBomb(t *testing.T) {
	zeros := pack(t, file("huge", strings.Repeat("\x00", 300<<20)))
	if len(zeros) > 1<<20 {
		t.Fatalf("%d bytes are no bomb", len(zeros))
	}
	for name, test := range map[string]struct {
		base []byte
		want string
	}{
		"zeros":       {zeros, "too large"},
		"sparse file": {sparse(t), "a sparse file of 1099511627776 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			_, err := over(t, test.base)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			left, err := os.ReadDir(temporary)
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v (%v)", left, err)
			}
		})
	}
}

// sparse returns a layer with a sparse file of a terabyte in GNU tar's format 1.0. archive/tar does not write such
// records, but the records of a PAX header have no checksum and can be edited.
func sparse(t *testing.T) []byte {
	t.Helper()
	stream, err := gzip.NewReader(bytes.NewReader(pack(t, entry{tar.Header{Name: "huge", Size: 512, PAXRecords: map[string]string{
		"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": "huge", "XNU.sparse.realsize": "1099511627776",
	}}, "0\n" + strings.Repeat("\x00", 510)})))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(text, []byte("XNU.sparse"), []byte("GNU.sparse"))
}
