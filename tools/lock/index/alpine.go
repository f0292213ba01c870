package index

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // SIGN.RSA, which Alpine's own keys still make
	_ "crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Alpine is one repository of one release.
type Alpine struct {
	Fetch  Fetcher
	Mirror string // address that is asked
	Origin string // the distribution's own address, which goes into the lock
	Path   string // of the repository below either, such as v3.24/main
	Keys   AlpineKeys
}

// Packages returns every package of an architecture.
func (a Alpine) Packages(ctx context.Context, architecture string) ([]*closure.Package, error) {
	folder := "/" + a.Path + "/" + architecture
	data, err := a.Fetch(ctx, a.Mirror+folder+"/APKINDEX.tar.gz")
	if err != nil {
		return nil, err
	}
	signed, err := VerifyAPKINDEX(data, a.Keys)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", a.Path, err)
	}
	text, err := apkIndexText(signed)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", a.Path, err)
	}
	packages, err := ParseAPKINDEX(text, a.Origin+folder)
	for _, p := range packages {
		p.File.Suite = a.Path
	}
	return packages, err
}

// Complete fetches a package, checks it against the signed index, and adds its sum, which the index does not have.
func (a Alpine) Complete(ctx context.Context, p *closure.Package) error {
	data, err := a.Fetch(ctx, a.Mirror+strings.TrimPrefix(p.File.URLs[0], a.Origin))
	if err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	// The identity covers the control stream, which has the sum of the data.
	pkg, err := apk.Read(bytes.NewReader(data), archive.DefaultLimits())
	if err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	info, err := apk.ParseInfo(pkg.Control[apk.InfoFile])
	if err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	if got := string(pkg.Control[apk.Identity]); got != p.File.Identity || info.First("datahash") == "" {
		return fmt.Errorf("package %s %s: checksum %s, the signed index says %s", p.Name, p.Version, got, p.File.Identity)
	}
	return complete(p, data)
}

// VerifyAPKINDEX checks the signature that an index begins with, and returns what is signed: everything after the first
// gzip stream. That stream holds a tar with one file for each signature, .SIGN.RSA.KEY for PKCS #1 v1.5 over SHA-1 and
// .SIGN.RSA256.KEY over SHA-256. One good signature by a known key is enough, as it is for apk.
func VerifyAPKINDEX(data []byte, keys AlpineKeys) ([]byte, error) {
	source := bytes.NewReader(data)
	stream, err := gzip.NewReader(source)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	stream.Multistream(false)
	head, err := readBounded(stream, maxSignatures)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	signed := data[len(data)-source.Len():]
	var tried []string
	for files := tar.NewReader(bytes.NewReader(head)); ; {
		header, err := files.Next()
		// The tar of this stream has no end mark: the next stream's goes on where it stops.
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("signatures: %w", err)
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
		signature, err := io.ReadAll(files)
		if err != nil {
			return nil, fmt.Errorf("signatures: %w", err)
		}
		sum := hash.New()
		sum.Write(signed)
		if err := rsa.VerifyPKCS1v15(key, hash, sum.Sum(nil), signature); err != nil {
			return nil, fmt.Errorf("signature by %s: %w", name, err)
		}
		return signed, nil
	}
	if len(tried) == 0 {
		return nil, errors.New("not signed")
	}
	return nil, fmt.Errorf("signed by %s: no such key here", strings.Join(tried, ", "))
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

// apkIndexText is the file APKINDEX of a tar.gz.
func apkIndexText(data []byte) ([]byte, error) {
	text, err := unpack(data)
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(bytes.NewReader(text)); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no file APKINDEX")
		}
		if err != nil {
			return nil, err
		}
		if header.Name == "APKINDEX" {
			return io.ReadAll(files)
		}
	}
}
