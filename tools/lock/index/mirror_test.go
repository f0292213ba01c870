package index_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

func newSigner(t testing.TB) *openpgp.Entity {
	t.Helper()
	signer, _, err := fixture.NewSigner(2048)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func wantError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v, want an error with %q", name, err, want)
	}
}

// detached signs data over any hash. The library's own functions refuse to sign over SHA-1.
func detached(t testing.TB, signer *openpgp.Entity, hash crypto.Hash, data []byte) []byte {
	t.Helper()
	signature := packet.Signature{
		SigType: packet.SigTypeBinary, PubKeyAlgo: signer.PrivateKey.PubKeyAlgo, Hash: hash,
		CreationTime: time.Now(), IssuerKeyId: &signer.PrimaryKey.KeyId,
	}
	sum := hash.New()
	sum.Write(data)
	unsalted := false // the library uses no salt for SHA-1
	if err := signature.Sign(sum, signer.PrivateKey, &packet.Config{NonDeterministicSignaturesViaNotation: &unsalted}); err != nil {
		t.Fatal(err)
	}
	var armored bytes.Buffer
	writer, err := armor.Encode(&armored, openpgp.SignatureType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := signature.Serialize(writer); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return armored.Bytes()
}

// clearsigned returns a text in the format of InRelease.
func clearsigned(t testing.TB, signer *openpgp.Entity, hash crypto.Hash, text string) []byte {
	t.Helper()
	// The hash of a clearsigned text has CRLF between the lines, and does not include the last end of line (RFC 9580, section
	// 7.2).
	signature := detached(t, signer, hash, []byte(strings.ReplaceAll(text, "\n", "\r\n")))
	return []byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: " + strings.ReplaceAll(hash.String(), "-", "") + "\n\n" + text + "\n" + string(signature))
}

// TestFedoraRefusesAnotherPackage passes packages that the right key signed to Complete, with index entries of other packages.
func TestFedoraRefusesAnotherPackage(t *testing.T) {
	signer := newSigner(t)
	data, err := fixture.Package{Name: "telnet-server", Version: "1.0-1", Architecture: "x86_64"}.RPM(signer)
	if err != nil {
		t.Fatal(err)
	}
	repository := index.Fedora{
		Fetch:  func(context.Context, string, int64) ([]byte, error) { return data, nil },
		Mirror: "https://mirror", Origins: []string{"https://origin"}, Keys: openpgp.EntityList{signer},
	}
	for _, test := range []struct{ name, version, architecture, want string }{
		{"telnet-server", "1.0-1", "x86_64", ""},
		{"iptables-nft", "1.0-1", "x86_64", `the signed package is "telnet-server"`},
		{"telnet-server", "1.1-1", "x86_64", `the index says "telnet-server" "1.1-1"`},
		{"telnet-server", "1.0-2", "x86_64", `the index says "telnet-server" "1.0-2"`},
		{"telnet-server", "1:1.0-1", "x86_64", `the index says "telnet-server" "1:1.0-1"`},
		{"telnet-server", "1.0-1", "aarch64", `for "aarch64"`},
	} {
		err := repository.Complete(t.Context(), &closure.Package{Name: test.name, Version: test.version, Architecture: test.architecture, File: closure.File{
			Size: int64(len(data)), SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), URLs: []string{"https://origin/p.rpm"},
		}})
		wantError(t, fmt.Sprint(test), err, test.want)
	}
}

// TestInReleaseRefuses has signed files with dates and hashes that must be refused. A mirror can offer such a file by replaying
// an old one.
func TestInReleaseRefuses(t *testing.T) {
	signer := newSigner(t)
	now := time.Now().UTC()
	date := func(after time.Duration) string { return now.Add(after).Format("Mon, 02 Jan 2006 15:04:05") + " UTC" }
	for _, test := range []struct {
		name, fields string
		hash         crypto.Hash
		want         string
	}{
		{"current", "Date: " + date(-time.Hour) + "\nValid-Until: " + date(time.Hour), crypto.SHA256, "no packages for amd64"},
		{"without an end", "Date: " + date(-10000*time.Hour), crypto.SHA512, "no packages for amd64"},
		{"expired", "Date: " + date(-200*time.Hour) + "\nValid-Until: " + date(-time.Hour), crypto.SHA256, "expired, Valid-Until"},
		{"of the future", "Date: " + date(time.Hour), crypto.SHA256, "is in the future"},
		{"no date", "Origin: x", crypto.SHA256, "Date: "},
		{"bad end", "Date: " + date(-time.Hour) + "\nValid-Until: never", crypto.SHA256, "Valid-Until: "},
		{"over SHA-1", "Date: " + date(-time.Hour), crypto.SHA1, "signature over SHA-1"},
	} {
		text := "Codename: stable\n" + test.fields
		signed := clearsigned(t, signer, test.hash, text)
		suite := &index.Debian{
			Fetch: func(context.Context, string, int64) ([]byte, error) { return signed, nil },
			Suite: "stable", Name: "debian", Keys: openpgp.EntityList{signer},
		}
		_, _, err := suite.Packages(t.Context(), "amd64")
		wantError(t, test.name, err, test.want)
	}
}

// TestRepomdOverSHA1 signs a Fedora index over SHA-1, which has known collisions.
func TestRepomdOverSHA1(t *testing.T) {
	signer := newSigner(t)
	for hash, want := range map[crypto.Hash]string{crypto.SHA1: "signature over SHA-1", crypto.SHA256: "sha256"} {
		signature := detached(t, signer, hash, []byte(repomdText))
		repository := index.Fedora{
			Fetch: func(_ context.Context, address string, _ int64) ([]byte, error) {
				switch filepath.Base(address) {
				case "repomd.xml":
					return []byte(repomdText), nil
				case "repomd.xml.asc":
					return signature, nil
				}
				return nil, nil // its sum is not the one in repomd.xml
			},
			Keys: openpgp.EntityList{signer},
		}
		_, _, err := repository.Packages(t.Context(), "x86_64")
		wantError(t, hash.String(), err, want)
	}
}

// TestKeysFileWithoutKeys reads an armored file that contains no key.
func TestKeysFileWithoutKeys(t *testing.T) {
	var armored bytes.Buffer
	writer, err := armor.Encode(&armored, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, armored.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = index.ReadKeys(path)
	wantError(t, "no keys", err, "no OpenPGP key in the file")
}
