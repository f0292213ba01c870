package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const alpineKey = "rows@example.com-5ca1ab1e.rsa.pub"

// interpreters are where programs of Debian want their linker, which no package of Debian has there: it comes by the links of a
// merged /usr, that Alpine has none of.
var interpreters = map[string][2]string{
	"amd64": {"lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"},
	"arm64": {"lib/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"},
}

// alpine is the packages that the table asks for, and what those need. busybox is the file here, this machine's; for other architectures, whose
// images nothing runs, it is dash.
func alpine(release, oci, here string, publicKey []byte) []pack {
	layout := accounts("alpine-baselayout")
	layout.Needs = []string{"/bin/sh"}
	layout.Directories = map[string]string{"proc": "0555", "root": "0700", "run": "0755", "sys": "0555", "tmp": "1777"}
	layout.Links = map[string]string{"var/run": "../run"}
	libs := pack{
		Name:     "debian-libraries",
		Version:  "1",
		Provides: surround("so:", append([]string{"libresolv.so.2"}, libraries...), "=1"),
		Keep:     keepLibraries(append([]string{"libresolv.so.2"}, libraries...)...),
		sources:  librarySources,
	}
	busybox := pack{Name: "busybox", Version: "1.37.0", Needs: []string{"so:libc.so.6"}}
	if oci == runtime.GOARCH {
		libs.Files = map[string]string{interpreters[oci][0]: interpreters[oci][1]}
		busybox.programs = map[string]string{"bin/busybox": here}
		busybox.Needs = append(busybox.Needs, "so:libresolv.so.2")
	} else {
		busybox.Files, busybox.sources = map[string]string{"bin/busybox": "usr/bin/dash"}, []string{"dash"}
	}
	nft, legacy := iptables("iptables", "usr/sbin", "nft", true), iptables("iptables-legacy", "usr/sbin", "legacy", false)
	nft.Needs = surround("so:", libraries, "")
	nft.Keep = []string{"usr/lib/*/xtables/*.so"}
	legacy.Needs = append([]string{"iptables"}, surround("so:", libraries, "")...)
	return []pack{
		layout,
		{Name: "alpine-keys", Version: "2.5", Texts: map[string]string{"etc/apk/keys/" + alpineKey: string(publicKey)}},
		{Name: "alpine-release", Version: release + ".0", Needs: []string{"alpine-keys"}, Texts: map[string]string{
			"etc/alpine-release": release + ".0\n",
			"etc/os-release":     "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=" + release + ".0\n",
		}},
		// The program itself is in no Debian.
		{Name: "apk-tools", Version: "3.0.0", Texts: map[string]string{"etc/apk/arch": oci + "\n"}},
		busybox,
		{Name: "busybox-binsh", Version: "1.37.0", Needs: []string{"busybox=1.37.0-r0"}, Provides: []string{"/bin/sh", "cmd:sh=1.37.0-r0"},
			Links: map[string]string{"bin/sh": "/bin/busybox"}},
		libs, nft, legacy,
	}
}

// makeAlpine writes the repository main of a release for one architecture, with an index signed by key.
func (m *mirror) makeAlpine(release, oci, own string, key *rsa.PrivateKey) error {
	public, err := publicPEM(key)
	if err != nil {
		return err
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	folder := filepath.Join(m.folder, "alpine", "v"+release, "main", own)
	var index strings.Builder
	for _, p := range alpine(release, oci, busybox, public) {
		data, err := m.pack(p, oci, ".apk", "")
		if err != nil {
			return err
		}
		made, err := apk.Read(bytes.NewReader(data), archive.DefaultLimits())
		if err != nil {
			return fmt.Errorf("package %s for %s: %w", p.Name, oci, err)
		}
		info, err := apk.ParseInfo(made.Control[apk.InfoFile])
		if err != nil {
			return err
		}
		fmt.Fprintf(&index, "C:%s\nP:%s\nV:%s\nA:%s\nS:%d\nI:%s\nT:%s\nL:%s\no:%s\nD:%s\np:%s\n\n",
			made.Control[apk.Identity], made.Name, made.Version, made.Architecture, len(data), info.First("size"), info.First("pkgdesc"),
			info.First("license"), info.First("origin"), info.Joined("depend"), info.Joined("provides"))
		if err := write(filepath.Join(folder, made.Name+"-"+made.Version+".apk"), data); err != nil {
			return err
		}
	}
	signed, err := stream(true, "DESCRIPTION", "v"+release, "APKINDEX", index.String())
	if err != nil {
		return err
	}
	sum := sha1.Sum(signed) // as Alpine's own index is signed
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA1, sum[:])
	if err != nil {
		return err
	}
	head, err := stream(false, ".SIGN.RSA."+alpineKey, string(signature))
	if err != nil {
		return err
	}
	return write(filepath.Join(folder, "APKINDEX.tar.gz"), append(head, signed...))
}

// stream is one gzip stream of an index, of names and texts. Only the last one's tar has an end mark.
func stream(last bool, files ...string) ([]byte, error) {
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	members := tar.NewWriter(compressed)
	for i := 0; i < len(files); i += 2 {
		if err := members.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			return nil, err
		}
		if _, err := members.Write([]byte(files[i+1])); err != nil {
			return nil, err
		}
	}
	finish := members.Flush
	if last {
		finish = members.Close
	}
	if err := finish(); err != nil {
		return nil, err
	}
	err := compressed.Close()
	return out.Bytes(), err
}

func publicPEM(key *rsa.PrivateKey) ([]byte, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), err
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
