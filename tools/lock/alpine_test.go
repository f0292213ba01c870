package main

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

const alpineTable = `{"title": "Example", "format": "apk",
    "variants": {"only": {"packages": ["iptables", "sh-links"], "without": []}},
    "releases": {"3.24": {"version": "3.24", "architectures": {"amd64": "x86_64"}, "suites": ["community"]}}
}`

const alpineKey = "test@example.com-1234abcd.rsa.pub"

// An alpinePackage has its relations in the index, and a control stream and files that need not say them.
type alpinePackage struct{ name, version, needs, provides, more string }

var alpineMain = []alpinePackage{
	{"iptables", "1.8.13-r0", "so:libc.musl-x86_64.so.1 so:libxtables.so.12 !iptables-old<1.8", "cmd:iptables=1.8.13-r0 ip6tables=1.8.13-r0", ""},
	{"iptables", "1.8.9-r2", "gone", "", ""},
	{"libxtables", "1.8.13-r0", "musl>=1.2.5", "so:libxtables.so.12=12.7.0", ""},
	{"musl", "1.2.5-r10", "", "so:libc.musl-x86_64.so.1=1", ""},
	{"busybox-binsh", "1.37.0-r12", "busybox=1.37.0-r12", "/bin/sh cmd:sh=1.37.0-r12", "k:100\n"},
	{"dash-binsh", "0.5.12-r3", "", "/bin/sh", "k:60\n"},
	{"busybox", "1.37.0-r12", "so:libc.musl-x86_64.so.1", "", ""},
	{"unrelated", "1-r0", "nothing-like-it", "", ""},
}

var alpineCommunity = []alpinePackage{{"sh-links", "1-r0", "/bin/sh busybox~1.37", "", ""}}

// gzipTar is one stream of an .apk or of an index. Only the last one's tar has an end mark.
func gzipTar(t *testing.T, last bool, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	stream := gzip.NewWriter(&out)
	archive := tar.NewWriter(stream)
	for i := 0; i < len(files); i += 2 {
		if err := archive.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	finish := archive.Flush
	if last {
		finish = archive.Close
	}
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// putAlpine writes one repository: packages, and the index that names them, signed over hash.
func putAlpine(c *checkout, key *rsa.PrivateKey, hash crypto.Hash, repository string, packages []alpinePackage) {
	c.t.Helper()
	folder := "v3.24/" + repository + "/x86_64/"
	var index strings.Builder
	for _, p := range packages {
		data := gzipTar(c.t, true, "usr/share/"+p.name, p.version)
		control := gzipTar(c.t, false, ".PKGINFO",
			fmt.Sprintf("pkgname = %s\npkgver = %s\narch = x86_64\ndatahash = %x\n", p.name, p.version, sha256.Sum256(data)))
		file := bytes.Join([][]byte{gzipTar(c.t, false, ".SIGN.RSA.unchecked", "the index has the sum"), control, data}, nil)
		sum := sha1.Sum(control)
		fmt.Fprintf(&index, "C:Q1%s\nP:%s\nV:%s\nA:x86_64\nS:%d\nI:4096\nD:%s\np:%s\n%s\n",
			base64.StdEncoding.EncodeToString(sum[:]), p.name, p.version, len(file), p.needs, p.provides, p.more)
		c.put(folder+p.name+"-"+p.version+".apk", file)
	}
	signed := gzipTar(c.t, true, "DESCRIPTION", "v3.24", "APKINDEX", index.String())
	sum := hash.New()
	sum.Write(signed)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, hash, sum.Sum(nil))
	if err != nil {
		c.t.Fatal(err)
	}
	member := map[crypto.Hash]string{crypto.SHA1: ".SIGN.RSA.", crypto.SHA256: ".SIGN.RSA256."}[hash] + alpineKey
	c.put(folder+"APKINDEX.tar.gz", append(gzipTar(c.t, false, member, string(signature)), signed...))
}

func newAlpine(t *testing.T) (*checkout, *rsa.PrivateKey) {
	t.Helper()
	return newAlpineOf(t, alpineMain, alpineCommunity)
}

func newAlpineOf(t *testing.T, main, community []alpinePackage) (*checkout, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	c := newCheckout(t, "alpine", "3.24", alpineTable)
	c.keys("keys/"+alpineKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	putAlpine(c, key, crypto.SHA1, "main", main)
	putAlpine(c, key, crypto.SHA256, "community", community)
	return c, key
}

func TestAlpine(t *testing.T) {
	c, key := newAlpine(t)
	lock, out := c.mustLock()
	want := "busybox 1.37.0-r12, busybox-binsh 1.37.0-r12, iptables 1.8.13-r0, libxtables 1.8.13-r0, musl 1.2.5-r10, sh-links 1-r0"
	if got := names(lock.Architectures["x86_64"]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !strings.Contains(out, "x86_64: + iptables 1.8.13-r0\n") {
		t.Errorf("printed %q", out)
	}
	for _, p := range lock.Architectures["x86_64"] {
		file, err := os.ReadFile(filepath.Join(c.repository, p.Suite, "x86_64", p.Name+"-"+p.Version+".apk"))
		if err != nil {
			t.Fatal(err)
		}
		if p.SHA256 != fmt.Sprintf("%x", sha256.Sum256(file)) || p.Size != int64(len(file)) {
			t.Errorf("%s: sum %s and size %d are not the file's", p.Name, p.SHA256, p.Size)
		}
		if p.URLs[0] != alpineOrigin+"/"+p.Suite+"/x86_64/"+p.Name+"-"+p.Version+".apk" {
			t.Errorf("%s: address %s", p.Name, p.URLs[0])
		}
	}
	c.stable()

	next := append([]alpinePackage{{"musl", "1.2.5-r11", "", "so:libc.musl-x86_64.so.1=1", ""}}, alpineMain...)
	putAlpine(c, key, crypto.SHA256, "main", next)
	if _, out := c.mustLock(); out != "x86_64:   musl 1.2.5-r10 -> 1.2.5-r11\n" {
		t.Errorf("a new version: printed %q", out)
	}
}

func TestAlpineRefuses(t *testing.T) {
	c, key := newAlpine(t)
	c.mustLock()
	folder := filepath.Join(c.repository, "v3.24", "main", "x86_64")
	change := func(name string, change func([]byte) []byte) {
		t.Helper()
		path := filepath.Join(folder, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, change(data))
	}
	again := func() { putAlpine(c, key, crypto.SHA256, "main", alpineMain) }

	change("APKINDEX.tar.gz", func(data []byte) []byte { data[len(data)-1] ^= 1; return data })
	c.refuses("signature by " + alpineKey + ": crypto/rsa: verification error")

	again()
	change("APKINDEX.tar.gz", func(data []byte) []byte { return append(data, gzipTar(t, true, "APKINDEX", "")...) })
	c.refuses("signature by " + alpineKey)

	put(t, filepath.Join(folder, "APKINDEX.tar.gz"), gzipTar(t, true, "DESCRIPTION", "", "APKINDEX", ""))
	c.refuses("index v3.24/main: not signed")

	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	putAlpine(c, stranger, crypto.SHA256, "main", alpineMain)
	c.refuses("signature by " + alpineKey)

	again()
	change("musl-1.2.5-r10.apk", func([]byte) []byte {
		data := gzipTar(t, true, "lib/libc", "another")
		info := fmt.Sprintf("pkgname = musl\npkgver = 1.2.5-r10\narch = x86_64\ndatahash = %x\n", sha256.Sum256(data))
		return append(gzipTar(t, false, ".PKGINFO", info), data...)
	})
	c.refuses("package musl 1.2.5-r10: checksum Q1")

	again()
	change("musl-1.2.5-r10.apk", func(data []byte) []byte { return data[:len(data)-1] })
	c.refuses("package musl 1.2.5-r10: data: truncated or corrupt")

	again()
	if err := os.Remove(filepath.Join(folder, "musl-1.2.5-r10.apk")); err != nil {
		t.Fatal(err)
	}
	c.refuses("musl-1.2.5-r10.apk: not found")

	old := append([]alpinePackage{{"iptables-old", "1.4-r0", "", "", ""}}, alpineMain...)
	putAlpine(c, key, crypto.SHA256, "main", old)
	putAlpine(c, key, crypto.SHA256, "community", []alpinePackage{{"sh-links", "1-r0", "iptables-old", "", ""}})
	c.refuses("package iptables: conflicts with iptables-old < 1.8: iptables-old 1.4-r0 is needed too")

	if err := os.Rename(filepath.Join(c.dir, "images/alpine/keys", alpineKey), filepath.Join(c.dir, "images/alpine/keys/other.rsa.pub")); err != nil {
		t.Fatal(err)
	}
	c.refuses("signed by " + alpineKey + ": no such key here")

	if err := os.RemoveAll(filepath.Join(c.dir, "images/alpine/keys")); err != nil {
		t.Fatal(err)
	}
	c.refuses("./bazelw run //tools/lock/keys")
}
