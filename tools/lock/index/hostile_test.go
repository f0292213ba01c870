package index_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

const hostileKey = "key.rsa.pub"

// gzipOf returns one gzip stream.
func gzipOf(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	for _, part := range parts {
		if _, err := writer.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// identity returns the identity of a package's control stream, as in an APKINDEX.
func identity(control []byte) string {
	sum := sha1.Sum(control)
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}

// TestAPKINDEXBombs verifies indexes with a huge "signature", which must be refused before it is read as a whole: a sparse file
// of 100 MB, which needs a few hundred bytes in a tar, and a compressed stream of 100 MB.
func TestAPKINDEXBombs(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := index.AlpineKeys{hostileKey: &private.PublicKey}
	var sparse bytes.Buffer
	files := tar.NewWriter(&sparse)
	// archive/tar refuses to write GNU's records of a sparse file. So the header contains other records of the same length,
	// which are replaced below. The content is the map of a sparse file without data.
	if err := files.WriteHeader(&tar.Header{Name: "x", Size: 512, PAXRecords: map[string]string{
		"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": ".SIGN.RSA256." + hostileKey, "XNU.sparse.realsize": "100000000",
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write(append([]byte("0\n"), make([]byte, 510)...)); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"a sparse file": {gzipOf(t, bytes.ReplaceAll(sparse.Bytes(), []byte("XNU.sparse"), []byte("GNU.sparse"))), "signatures: more than"},
		"a stream":      {gzipOf(t, make([]byte, 100<<20)), "signatures: gzip: more than"},
	} {
		_, _, err := index.VerifyAPKINDEX(test.data, keys)
		wantError(t, name, err, test.want)
	}
}

// TestPackageOfAnother passes hostile packages to Complete. No stream may be parsed before its sum was compared with the index,
// so the hostile streams are neither a tar nor small.
func TestPackageOfAnother(t *testing.T) {
	made := func(name, version, architecture string) []byte {
		t.Helper()
		data, err := fixture.Package{Name: name, Version: version, Architecture: architecture}.APK(nil)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	// The control stream is everything before the header of the second stream.
	control := func(data []byte) []byte { return data[:10+bytes.Index(data[10:], []byte("\x1f\x8b\x08"))] }
	good := made("musl", "1-r0", "x86_64")
	garbage, bomb := gzipOf(t, []byte("no tar")), gzipOf(t, make([]byte, 100<<20))
	check := func(what, want, wantIdentity string, data []byte) {
		t.Helper()
		repository := index.Alpine{
			Fetch:  func(context.Context, string, int64) ([]byte, error) { return data, nil },
			Mirror: "https://mirror", Origin: "https://origin",
		}
		err := repository.Complete(t.Context(), &closure.Package{Name: "musl", Version: "1-r0", Architecture: "x86_64", File: closure.File{
			Size: int64(len(data)), Identity: wantIdentity, URLs: []string{"https://origin/p.apk"},
		}})
		wantError(t, what, err, want)
	}
	is := identity(control(good))
	check("the package", "", is, good)
	check("garbage in its place", "checksum Q1", is, append(garbage, garbage...))
	check("a bomb in its place", "gzip: more than", is, bomb)
	check("a bomb in the place of its data", "data: sha256", is, append(bytes.Clone(control(good)), bomb...))
	for _, test := range []struct{ name, version, architecture, want string }{
		{"musl", "1-r0", "aarch64", `is of "musl" "1-r0" for "aarch64"`},
		{"telnet", "1-r0", "x86_64", `is of "telnet"`},
		{"musl", "1-r1", "x86_64", `is of "musl" "1-r1"`},
		{"musl", "1-r0", "noarch", ""},
	} {
		data := made(test.name, test.version, test.architecture)
		check(fmt.Sprint(test), test.want, identity(control(data)), data)
	}
}

// TestHTTPBounds has a mirror that sends more than the limit, and a package whose size is not that of the index.
func TestHTTPBounds(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(strings.Repeat("x", 1000)))
	}))
	defer server.Close()
	fetch := index.HTTP(server.Client())
	_, err := fetch(t.Context(), server.URL, 999)
	wantError(t, "a file", err, "more than 999 bytes")
	for size, want := range map[int64]string{999: "more than 999 bytes", 1001: "1000 bytes, the index says 1001"} {
		p := &closure.Package{File: closure.File{Size: size, URLs: []string{"https://origin/p"}}}
		wantError(t, "Alpine", index.Alpine{Fetch: fetch, Mirror: server.URL, Origin: "https://origin"}.Complete(t.Context(), p), want)
		wantError(t, "Fedora", index.Fedora{Fetch: fetch, Mirror: server.URL, Origins: []string{"https://origin"}}.Complete(t.Context(), p), want)
	}
}
