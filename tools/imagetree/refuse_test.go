package imagetree

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// sparse returns a layer of about a kilobyte with a sparse file of a terabyte, in GNU tar's format 1.0 or its old
// format.
func sparse(t testing.TB, old bool) []byte {
	t.Helper()
	if !old {
		// archive/tar does not write such records, but the records of a PAX header have no checksum and can be edited.
		var out bytes.Buffer
		files := tar.NewWriter(&out)
		records := map[string]string{"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": "huge", "XNU.sparse.realsize": "1099511627776"}
		if err := files.WriteHeader(&tar.Header{Name: "x", Mode: 0o644, Size: 512, PAXRecords: records}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write(append([]byte("0\n"), make([]byte, 510)...)); err != nil {
			t.Fatal(err)
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		return bytes.ReplaceAll(out.Bytes(), []byte("XNU.sparse"), []byte("GNU.sparse"))
	}
	block := make([]byte, 3*512)
	copy(block, "huge")
	copy(block[100:], "0000644\x000000000\x000000000\x0000000000000\x0000000000000\x00        S")
	copy(block[257:], "ustar  \x00")
	copy(block[386:], "20000000000\x0000000000000\x00") // an extent without data at 2 GiB
	copy(block[483:], "20000000000\x00")
	sum := 0
	for _, b := range block[:512] {
		sum += int(b)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return block
}

func TestApplyRefuses(t *testing.T) {
	small := archive.Limits{Files: 100, Bytes: 1 << 20, Time: time.Minute}
	for name, test := range map[string]struct {
		layer []byte
		want  string
	}{
		"sparse":                   {sparse(t, false), "a sparse file of 1099511627776 bytes"},
		"old sparse":               {sparse(t, true), "a sparse file of 2147483648 bytes"},
		"many bytes":               {pack(t, "a="+strings.Repeat("0", 2<<20)), "too large: more than 1048576 bytes"},
		"many entries":             {pack(t, strings.Split(strings.Repeat("a/,", 101)[:302], ",")...), "too large: more than 100 files"},
		"many directories":         {pack(t, strings.Repeat("d/", 110)), "too large: more than 100 files"},
		"whiteout of no name":      {pack(t, "a/.wh.="), "invalid whiteout name"},
		"whiteout of .":            {pack(t, "a/.wh..="), "invalid whiteout name"},
		"whiteout of ..":           {pack(t, "a/.wh...="), "invalid whiteout name"},
		"climbing":                 {pack(t, "a/../../b=1"), "leads out of the root"},
		"hard link that climbs":    {pack(t, "a=>../../etc/passwd"), "leads out of the root"},
		"hard link to nothing":     {pack(t, "a=>etc/passwd"), "file /a: hard link: /etc/passwd: file does not exist"},
		"hard link to itself":      {pack(t, "a=1", "a=>a"), "hard link to /a, which is not a file of the image"},
		"hard link to a directory": {pack(t, "d/", "a=>d"), "hard link to /d, which is not a file"},
		"hard link by a symlink":   {pack(t, "s->/home/u", "b=>s", "c=>b/.netrc"), "hard link: /b/.netrc: file does not exist"},
		"file below a file":        {pack(t, "a=1", "a/b=2"), "/a is no directory"},
		"file below a pipe":        {pack(t, "a|", "a/b=2"), "/a is no directory"},
		"file below a loop":        {pack(t, "a->b", "b->a", "a/b=2"), "too many symlinks"},
		"symlink to nothing":       {bytes.Replace(pack(t, "a->?"), []byte("?"), []byte{0}, 1), "tar:"},
		"symlink too long":         {pack(t, "a->"+strings.Repeat("x", 5000)), "symlink target"},
		"name too long":            {pack(t, strings.Repeat("x/", 3000)), "6000 bytes long"},
		"component too long":       {pack(t, strings.Repeat("x", 256)), "a part of 256 bytes"},
		"no tar":                   {[]byte(strings.Repeat("no tar ", 100)), "tar:"},
		"truncated":                {pack(t, "a="+strings.Repeat("x", 1000))[:1000], "unexpected EOF"},
		"contiguous file (type 7)": {retype(t, '7'), "unknown tar entry type"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := apply(t, small, test.layer)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// retype returns a layer with one entry of the type kind.
func retype(t testing.TB, kind byte) []byte {
	t.Helper()
	layer := pack(t, "a=")
	copy(layer[148:], fmt.Sprintf("%06o\x00 ", checksum(layer)+int(kind)-'0'))
	layer[156] = kind
	return layer
}

func checksum(block []byte) int {
	sum := 8 * int(' ')
	for i, b := range block[:512] {
		if i < 148 || i >= 156 {
			sum += int(b)
		}
	}
	return sum
}

func TestPathTooLong(t *testing.T) {
	deep := strings.Repeat(strings.Repeat("d", 250)+"/", 10)
	_, _, err := apply(t, Limits(0), pack(t, "a->"+deep, "a/"+deep))
	if err == nil || !strings.Contains(err.Error(), "a path that is too long") {
		t.Errorf("error %v", err)
	}
}

func TestTime(t *testing.T) {
	_, _, err := apply(t, archive.Limits{Files: 100, Bytes: 1 << 20, Time: time.Nanosecond}, pack(t, "a=1"))
	if err == nil || !strings.Contains(err.Error(), "too large: not read after 1ns") {
		t.Errorf("error %v", err)
	}
}

// 40,000 whiteouts of each kind, over 40,000 files and over nested directories, must not take longer than 40,000 files.
func TestWhiteoutsAreLinear(t *testing.T) {
	const count = 40_000
	var files, whiteouts, opaque []string
	for i := range count {
		files = append(files, fmt.Sprintf("d/%d=", i))
		whiteouts = append(whiteouts, fmt.Sprintf("d/.wh.%d=", i))
		opaque = append(opaque, "d/.wh..wh..opq=", fmt.Sprintf("d/new%d=", i))
	}
	nested := strings.Repeat("n/", 100)
	chain := []string{}
	for i := range count {
		chain = append(chain, nested[:200-2*(i%100)]+".wh..wh..opq=")
	}
	base, begin := pack(t, append(files, nested)...), time.Now()
	if _, _, err := apply(t, Limits(0), base); err != nil {
		t.Fatal(err)
	}
	alone := time.Since(begin)
	for name, entries := range map[string][]string{"whiteouts": whiteouts, "opaque": opaque, "chain": chain} {
		layer, begin := pack(t, entries...), time.Now()
		if _, _, err := apply(t, Limits(0), base, layer); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 50*alone+5*time.Second {
			t.Errorf("%s: %v, and %v without", name, took, alone)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	dir := t.TempDir()
	err := Unpack(dir, Limits(0), func(tree *Tree) error { return tree.Apply(bytes.NewReader(pack(t, staging+"/1=x"))) })
	if err == nil || !strings.Contains(err.Error(), "the name is reserved") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Unpack(dir, Limits(0), func(*Tree) error { return nil }); err == nil {
		t.Error("unpacked twice into one directory")
	}
}
