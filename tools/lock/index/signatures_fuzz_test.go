package index_test

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

const inReleaseText = "Codename: stable\nDate: Sat, 01 Aug 2026 10:00:00 UTC\nSHA256:\n 00 10 main/binary-amd64/Packages.xz"

// mutated returns data with one byte changed. If data is empty, it changes the signed text, because each fuzzing process has
// another key.
func mutated(data, signed []byte, at uint32, value byte) []byte {
	if len(data) == 0 {
		data = signed
	}
	data = bytes.Clone(data)
	data[int(at)%len(data)] ^= value
	return data
}

// FuzzVerifyInRelease checks that nothing is accepted without a key, and with it only the fields that it signed.
func FuzzVerifyInRelease(f *testing.F) {
	signer := newSigner(f)
	signed := clearsigned(f, signer, crypto.SHA256, inReleaseText)
	good, err := index.VerifyInRelease(signed, openpgp.EntityList{signer})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, uint32(0), byte(0))
	f.Add([]byte{}, uint32(bytes.Index(signed, []byte("stable"))), byte(1))
	f.Add([]byte{}, uint32(bytes.Index(signed, []byte("Hash"))), byte(0x20))
	f.Add([]byte{}, uint32(len(signed)-60), byte(1))
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nDate: x\n-----BEGIN PGP SIGNATURE-----\n\nwsBz\n=AAAA\n-----END PGP SIGNATURE-----\n"), uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint32, value byte) {
		data = mutated(data, signed, at, value)
		if _, err := index.VerifyInRelease(data, nil); err == nil {
			t.Fatal("accepted without a key")
		}
		release, err := index.VerifyInRelease(data, openpgp.EntityList{signer})
		if err == nil && (fmt.Sprint(release.Fields) != fmt.Sprint(good.Fields) || release.Key != good.Key) {
			t.Fatalf("accepted with %v by %s", release.Fields, release.Key)
		}
	})
}

// FuzzRepomdSignature checks that only an unchanged signed index is accepted. Then Packages asks for the list of packages,
// which is missing.
func FuzzRepomdSignature(f *testing.F) {
	signer := newSigner(f)
	signed := detached(f, signer, crypto.SHA256, []byte(repomdText))
	f.Add([]byte{}, []byte{}, uint32(0), byte(0))
	f.Add([]byte{}, []byte{}, uint32(100), byte(1))
	f.Add([]byte{}, []byte("-----BEGIN PGP SIGNATURE-----\n\nwsBz\n=AAAA\n-----END PGP SIGNATURE-----\n"), uint32(0), byte(0))
	f.Add([]byte(strings.Replace(repomdText, "primary.xml", "other.xml", 1)), []byte{}, uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, listed, signature []byte, at uint32, value byte) {
		if len(listed) == 0 {
			listed = []byte(repomdText)
		}
		signature = mutated(signature, signed, at, value)
		accepted := false
		repository := index.Fedora{
			Fetch: func(_ context.Context, address string, _ int64) ([]byte, error) {
				switch filepath.Base(address) {
				case "repomd.xml":
					return listed, nil
				case "repomd.xml.asc":
					return signature, nil
				}
				accepted = true
				return nil, nil
			},
			Keys: openpgp.EntityList{signer},
		}
		if _, _, err := repository.Packages(t.Context(), "x86_64"); err == nil {
			t.Fatal("an index without packages was accepted")
		}
		if accepted && string(listed) != repomdText {
			t.Fatal("accepted, and another index was signed")
		}
	})
}
