// Package repository writes small signed repositories for tests of what reads them.
package repository

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ulikunitz/xz"
)

// NewSigner returns a new key, and its public half in armor. It is RSA, which rpm's signature tags hold.
func NewSigner(t *testing.T) (*openpgp.Entity, []byte) {
	t.Helper()
	signer, err := openpgp.NewEntity("repository", "", "repository@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048, DefaultHash: crypto.SHA256,
	})
	if err != nil {
		t.Fatal(err)
	}
	var public bytes.Buffer
	writer, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.Serialize(writer); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return signer, public.Bytes()
}

// Suite is one suite of an archive.
type Suite struct {
	Name          string // and codename
	Architectures []string
	ByHash        bool // its indexes are there by their sums too
}

// WriteDebian writes the suite "stable" for amd64 and arm64 into an archive's folder. A package is the fields of its stanza, with
// ARCH for the architecture; its file, pool/main/NAME_VERSION_ARCH.deb, is empty whatever the index says. change may alter
// an index, or InRelease, before it is written: nil for none.
func WriteDebian(t *testing.T, folder string, signer *openpgp.Entity, packages []string, change func(name string, data []byte) []byte) {
	t.Helper()
	WriteSuite(t, folder, Suite{Name: "stable", Architectures: []string{"amd64", "arm64"}}, signer, packages, change)
}

// WriteSuite is WriteDebian for another suite. What is there by its sum is never altered.
func WriteSuite(t *testing.T, folder string, suite Suite, signer *openpgp.Entity, packages []string, change func(name string, data []byte) []byte) {
	t.Helper()
	write := func(name string, data []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name string, data []byte) { write("dists/"+suite.Name+"/"+name, data) }
	changed := func(name string, data []byte) []byte {
		if change == nil {
			return data
		}
		return change(name, data)
	}
	release := "Origin: Example\nSuite: " + suite.Name + "\nCodename: " + suite.Name + "\nDate: Sat, 01 Aug 2026 10:00:00 UTC\n"
	if suite.ByHash {
		release += "Acquire-By-Hash: yes\n"
	}
	release += "SHA256:\n"
	for _, architecture := range suite.Architectures {
		var text strings.Builder
		for _, fields := range packages {
			fields = strings.ReplaceAll(fields, "ARCH", architecture)
			words := strings.Fields(fields)
			file := fmt.Sprintf("pool/main/%s_%s_%s.deb", words[1], words[3], architecture)
			fmt.Fprintf(&text, "%s\nFilename: %s\nSize: 1000\nSHA256: %x\n\n", fields, file, sha256.Sum256([]byte(fields)))
			write(file, nil)
		}
		folder := "main/binary-" + architecture + "/"
		data := compress(t, text.String())
		sum := fmt.Sprintf("%x", sha256.Sum256(data))
		release += fmt.Sprintf(" %s %d %sPackages.xz\n", sum, len(data), folder)
		// Listed and not there, as in Debian's own archive: apt knows by it which indexes there are.
		release += fmt.Sprintf(" %x %d %sPackages\n", sha256.Sum256([]byte(text.String())), text.Len(), folder)
		if suite.ByHash {
			put(folder+"by-hash/SHA256/"+sum, data)
		}
		put(folder+"Packages.xz", changed(folder+"Packages.xz", data))
	}
	var signed bytes.Buffer
	writer, err := clearsign.Encode(&signed, signer.PrivateKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte(release)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	put("InRelease", changed("InRelease", signed.Bytes()))
}

func compress(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
