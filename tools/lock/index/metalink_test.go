package index_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// metalinkText has the form of a document of MirrorManager. The sums are those of the index, and of the one before it.
const metalinkText = `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" pubdate="Sat, 21 Nov 2026 09:00:00 GMT" generator="mirrormanager" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="repomd.xml">
   <mm0:timestamp>1795251600</mm0:timestamp>
   <size>4000</size>
   <verification>
    <hash type="md5">0123456789abcdef0123456789abcdef</hash>
    <hash type="sha1">0123456789abcdef0123456789abcdef01234567</hash>
    <hash type="sha256">%s</hash>
    <hash type="sha512">00</hash>
   </verification>
   <mm0:alternates>
    <mm0:alternate>
     <mm0:timestamp>1795165200</mm0:timestamp>
     <size>4000</size>
     <verification>
      <hash type="md5">0123456789abcdef0123456789abcdef</hash>
      <hash type="sha256">%s</hash>
     </verification>
    </mm0:alternate>
   </mm0:alternates>
   <resources maxconnections="1">
    <url protocol="https" type="https" location="US" preference="100">https://mirror.example/fedora/repodata/repomd.xml</url>
   </resources>
  </file>
 </files>
</metalink>
`

// TestMetalink reads an index that is not signed, and its metalink from a server with TLS.
func TestMetalink(t *testing.T) {
	var primary bytes.Buffer
	compressed := gzip.NewWriter(&primary)
	if _, err := compressed.Write([]byte(`<metadata xmlns="http://linux.duke.edu/metadata/common" packages="0"></metadata>`)); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	repomd := fmt.Sprintf(`<repomd><revision>1795251600</revision><data type="primary"><checksum type="sha256">%x</checksum><location href="repodata/primary.xml.gz"/></data></repomd>`,
		sha256.Sum256(primary.Bytes()))
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tree/repodata/repomd.xml":
			fmt.Fprint(w, repomd)
		case "/tree/repodata/primary.xml.gz":
			w.Write(primary.Bytes())
		case "/metalink": // without TLS
			fmt.Fprintf(w, metalinkText, fmt.Sprintf("%x", sha256.Sum256([]byte(repomd))), strings.Repeat("0", 64))
		default:
			http.NotFound(w, r)
		}
	}))
	defer mirror.Close()
	own, other := fmt.Sprintf("%x", sha256.Sum256([]byte(repomd))), strings.Repeat("1", 64)
	documents := map[string]string{
		"current":   fmt.Sprintf(metalinkText, own, other),
		"alternate": fmt.Sprintf(metalinkText, other, own),
		"another":   fmt.Sprintf(metalinkText, other, other),
		"file":      strings.Replace(fmt.Sprintf(metalinkText, own, own), `"repomd.xml"`, `"other.xml"`, 1),
		"sha1":      strings.ReplaceAll(fmt.Sprintf(metalinkText, own, own), "sha256", "sha1"),
		"short":     fmt.Sprintf(metalinkText, own, "00"),
		"html":      "<html>a page of a proxy",
		"large":     strings.Repeat(" ", 5<<20),
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("repo")
		if document, exists := documents[name]; exists {
			fmt.Fprint(w, document)
		} else if name == "redirect" {
			http.Redirect(w, r, mirror.URL+"/metalink", http.StatusFound)
		} else {
			http.NotFound(w, r)
		}
	}))
	defer secure.Close()
	trusting := secure.Client()
	for _, row := range []struct {
		name, address string
		client        *http.Client
		want          string
	}{
		{"the index's sum", secure.URL + "/metalink?repo=current&arch=x86_64", trusting, ""},
		{"the sum among the earlier ones", secure.URL + "/?repo=alternate", trusting, ""},
		{"another index", secure.URL + "/?repo=another", trusting, "is not in Fedora's metalink"},
		{"another file", secure.URL + "/?repo=file", trusting, "no sha256 of repomd.xml"},
		{"only SHA-1", secure.URL + "/?repo=sha1", trusting, "no sha256 of repomd.xml"},
		{"a malformed sum", secure.URL + "/?repo=short", trusting, "not a sha256"},
		{"no XML", secure.URL + "/?repo=html", trusting, "XML syntax error"},
		{"too large", secure.URL + "/?repo=large", trusting, "more than"},
		{"no such repository", secure.URL + "/?repo=none", trusting, "its second source does not answer"},
		{"no server", "https://127.0.0.1:1/", trusting, "-mirror names a mirror that you trust without it"},
		{"a redirect away from TLS", secure.URL + "/?repo=redirect", trusting, "not over TLS"},
		{"no TLS", mirror.URL + "/metalink", trusting, "not an https address"},
		{"an unknown certificate", secure.URL + "/?repo=current", http.DefaultClient, "certificate"},
	} {
		f := index.Fedora{
			Fetch: index.HTTP(http.DefaultClient), Mirror: mirror.URL, Origins: []string{mirror.URL}, Path: "tree",
			Metalink: row.address, FetchMetalink: index.HTTPS(row.client),
			Warn: func(warning string) { t.Errorf("%s: warning %q", row.name, warning) },
		}
		_, state, err := f.Packages(context.Background(), "x86_64")
		wantError(t, row.name, err, row.want)
		if err == nil && state.Signature != lockfile.SumInMetalink {
			t.Errorf("%s: locked as %+v", row.name, state)
		}
	}
	var warnings []string
	f := index.Fedora{
		Fetch: index.HTTP(http.DefaultClient), Mirror: mirror.URL, Origins: []string{mirror.URL}, Path: "tree",
		Warn: func(warning string) { warnings = append(warnings, warning) },
	}
	if _, state, err := f.Packages(context.Background(), "x86_64"); err != nil || state.Signature != lockfile.SignedPackages ||
		len(warnings) != 1 || !strings.Contains(warnings[0], "not compared with Fedora's metalink") {
		t.Errorf("without a metalink: %+v, warnings %q, error %v", state, warnings, err)
	}
}

func FuzzParseMetalink(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		sums, err := index.ParseMetalink(text)
		if err == nil && len(sums) == 0 {
			t.Error("no sums and no error")
		}
		for _, sum := range sums {
			if len(sum) != 64 {
				t.Errorf("sum %q", sum)
			}
		}
	})
}
