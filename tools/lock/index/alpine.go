package index

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // also of SIGN.RSA, which Alpine's own keys still make
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
)

// Alpine is one repository of one release.
type Alpine struct {
	Fetch  Fetcher
	Mirror string // address from which files are fetched
	Origin string // the distribution's own address, for the lock
	Path   string // of the repository below both, such as v3.24/main
	Keys   AlpineKeys
}

// Packages returns every package of an architecture, and the state of the index.
func (a Alpine) Packages(ctx context.Context, architecture string) ([]*closure.Package, lockfile.Index, error) {
	dir := "/" + a.Path + "/" + architecture
	state := lockfile.Index{Suite: a.Path, Signature: lockfile.SignedIndex}
	data, err := a.Fetch(ctx, a.Mirror+dir+"/APKINDEX.tar.gz", maxIndex)
	if err != nil {
		return nil, state, err
	}
	var text, signed []byte
	if signed, state.Key, err = VerifyAPKINDEX(data, a.Keys); err == nil {
		text, state.Date, err = apkIndexText(signed)
	}
	if err != nil {
		return nil, state, fmt.Errorf("index %s: %w", a.Path, err)
	}
	packages, err := ParseAPKINDEX(text, architecture, a.Origin+dir)
	for _, p := range packages {
		p.File.Suite = a.Path
	}
	return packages, state, err
}

// Complete fetches a package, checks it against the signed index, and adds its SHA-256, which the index lacks.
func (a Alpine) Complete(ctx context.Context, p *closure.Package) error {
	data, err := fetchPackage(ctx, a.Fetch, a.Mirror+strings.TrimPrefix(p.File.URLs[0], a.Origin), p)
	if err != nil {
		return err
	}
	if err := checkAPK(data, p); err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	sum := sha256.Sum256(data)
	p.File.SHA256 = hex.EncodeToString(sum[:])
	return nil
}

// checkAPK checks the sums of a package. The identity in the signed index is the sum of the control stream, which contains the
// sum of the data stream. A stream is parsed only after its sum was compared.
func checkAPK(data []byte, p *closure.Package) error {
	// The control stream is the first one, or the second if signatures come first.
	first, err := gzipStream(data)
	if err != nil {
		return err
	}
	control := first
	if apkIdentity(control) != p.File.Identity {
		if control, err = gzipStream(data[len(first):]); err != nil {
			return err
		}
		if got := apkIdentity(control); got != p.File.Identity {
			return fmt.Errorf("checksum %s, the signed index says %s", got, p.File.Identity)
		}
		data = data[len(first):]
	}
	sum := sha256.Sum256(data[len(control):])
	text, _, err := tarFile(control, apk.InfoFile)
	if err != nil {
		return err
	}
	info, err := apk.ParseInfo(text)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum[:]); got != info.First("datahash") {
		return fmt.Errorf("data: sha256 %s, %s says %q", got, apk.InfoFile, info.First("datahash"))
	}
	// abuild writes the architecture of the index into its entries, also for packages that are noarch (apk index
	// --rewrite-arch).
	name, version, architecture := info.First("pkgname"), info.First("pkgver"), info.First("arch")
	if name != p.Name || version != p.Version || architecture != p.Architecture && architecture != "noarch" {
		return fmt.Errorf("%s is of %q %q for %q: use another mirror", apk.InfoFile, name, version, architecture)
	}
	return nil
}

// apkIdentity returns the identity by which apk knows a package: "Q1" and the base64 of its control stream's SHA-1.
func apkIdentity(control []byte) string {
	sum := sha1.Sum(control)
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}

// gzipStream returns the bytes of the first gzip stream of data. Signatures and control streams are small, also when unpacked.
func gzipStream(data []byte) ([]byte, error) {
	source := bytes.NewReader(data)
	stream, err := gzip.NewReader(source)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	stream.Multistream(false)
	if _, err := readBounded(stream, maxControl); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return data[:len(data)-source.Len()], nil
}

// VerifyAPKINDEX checks the signature at the beginning of an index. It returns the signed data, which is everything after the
// first gzip stream, and the key's name. The first stream contains a tar with one file for each signature: .SIGN.RSA.KEY for
// PKCS #1 v1.5 over SHA-1, and .SIGN.RSA256.KEY for SHA-256. One good signature by a known key is enough, as for apk.
func VerifyAPKINDEX(data []byte, keys AlpineKeys) ([]byte, string, error) {
	first, err := gzipStream(data)
	if err != nil {
		return nil, "", fmt.Errorf("signatures: %w", err)
	}
	head, err := unpack(first)
	if err != nil {
		return nil, "", fmt.Errorf("signatures: %w", err)
	}
	signed := data[len(first):]
	var tried []string
	for files := tar.NewReader(bytes.NewReader(head)); ; {
		header, err := files.Next()
		// The tar of this stream has no end mark, because the tar of the next stream continues it.
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, "", fmt.Errorf("signatures: %w", err)
		}
		hash, name := apkSignature(header.Name)
		if hash == 0 {
			continue
		}
		tried = append(tried, name)
		key, known := keys[name]
		if !known {
			continue
		}
		// The tar package fills a sparse file with zeros, so it can be larger than its tar.
		signature, err := readBounded(files, maxControl)
		if err != nil {
			return nil, "", fmt.Errorf("signatures: %w", err)
		}
		sum := hash.New()
		sum.Write(signed)
		if err := rsa.VerifyPKCS1v15(key, hash, sum.Sum(nil), signature); err != nil {
			return nil, "", fmt.Errorf("signature by %s: %w", name, err)
		}
		return signed, name, nil
	}
	if len(tried) == 0 {
		return nil, "", errors.New("not signed")
	}
	return nil, "", fmt.Errorf("signed by %s: no such key here", strings.Join(tried, ", "))
}

func apkSignature(member string) (crypto.Hash, string) {
	if name, found := strings.CutPrefix(member, ".SIGN.RSA."); found {
		return crypto.SHA1, name
	}
	if name, found := strings.CutPrefix(member, ".SIGN.RSA256."); found {
		return crypto.SHA256, name
	}
	return 0, ""
}

// apkIndexText returns the file APKINDEX of a tar.gz, and its time. apk index sets this to the time of the index.
func apkIndexText(data []byte) (text []byte, date string, err error) {
	text, made, err := tarFile(data, "APKINDEX")
	if made.Unix() > 0 {
		date = made.UTC().Format(time.RFC3339)
	}
	return text, date, err
}

// tarFile returns a file of a tar.gz, and its time.
func tarFile(data []byte, name string) ([]byte, time.Time, error) {
	unpacked, err := unpack(data)
	if err != nil {
		return nil, time.Time{}, err
	}
	for files := tar.NewReader(bytes.NewReader(unpacked)); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, time.Time{}, fmt.Errorf("no file %s", name)
		}
		if err != nil {
			return nil, time.Time{}, err
		}
		if header.Name == name {
			text, err := readBounded(files, maxUnpacked)
			return text, header.ModTime, err
		}
	}
}
